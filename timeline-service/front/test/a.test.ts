import assert from "node:assert/strict";
import { test } from "node:test";
import { x } from "../src/seam.ts";

test("x", () => assert.equal(x, 1));
