import assert from "node:assert/strict";
import { test } from "node:test";
import { nextBin, nextMark } from "../src/keys.ts";
import { mark } from "./marks.ts";

const marks = ["a", "b", "c"].map((id) => mark(id, "2020-01-01", "2020-01-01"));
const none = { first: [], both: [], second: [] };
const bins = [0, 10, 20].map((start) => ({ start, end: start + 9, ...none }));

test("from event to event in the order in which they came", () => {
  assert.equal(nextMark(marks, { id: "a" }, "next", () => true)?.id, "b");
  assert.equal(
    nextMark(marks, { id: "c" }, "next", () => true),
    null,
  );
  assert.equal(nextMark(marks, { id: "c" }, "previous", () => true)?.id, "b");
  assert.equal(nextMark(marks, { id: "c" }, "first", () => true)?.id, "a");
  assert.equal(nextMark(marks, null, "last", () => true)?.id, "c");
  assert.equal(nextMark(marks, null, "next", ({ id }) => id !== "a")?.id, "b");
  assert.equal(
    nextMark([], null, "next", () => true),
    null,
  );
});

test("from bin to bin", () => {
  assert.equal(nextBin(bins, null, "next")?.start, 0);
  assert.equal(nextBin(bins, null, "previous")?.start, 20);
  assert.equal(nextBin(bins, { bin: { start: 12, end: 13, ...none } }, "previous")?.start, 10);
  assert.equal(nextBin(bins, { bin: { start: 20, end: 29, ...none } }, "next"), null);
});
