import assert from "node:assert/strict";
import { test } from "node:test";
import { urlOf } from "../src/listing.ts";

const PAGE = "http://localhost/timelines/CHN-IND";
const days = (start: string, end: string) => ({ start, end });
const asked = (query: string, start: string, end: string): string | null => {
  const url = urlOf(`${PAGE}${query}`, days(start, end));
  return url && decodeURIComponent(new URL(url).search);
};

test("the days of the graphic become the page's dates", () => {
  assert.equal(asked("", "2020-01-05", "2020-02-01"), "?from=2020-01-05&to=2020-02-01");
  assert.equal(asked("?type=ban&cursor=abc", "2020-01-05", "2020-02-01"), "?type=ban&from=2020-01-05&to=2020-02-01");
});

test("the page's own dates stay", () => {
  assert.equal(asked("?from=2020&to=2021", "2019-06-06", "2022-02-02"), "?from=2020&to=2021");
  assert.equal(asked("?from=2020-03", "2020-01-01", "2020-06-06"), "?from=2020-03&to=2020-06-06");
  assert.equal(asked("?from=196X", "1960-01-01", "1961-06-06"), null);
  assert.equal(asked("?from=2020", "2018-01-01", "2019-01-01"), null);
});
