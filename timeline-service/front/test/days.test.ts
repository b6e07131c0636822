import assert from "node:assert/strict";
import { test } from "node:test";
import { dayOf, isoOf, spanWords } from "../src/days.ts";

test("days are counted from 1970, years before 100 as they are written", () => {
  assert.equal(dayOf("1970-01-02"), 1);
  assert.equal(dayOf("0001-01-01"), -719_162);
  for (const day of ["0099-12-31", "1582-10-15", "2020-02-29", "9998-12-31"]) assert.equal(isoOf(dayOf(day)), day);
});

test("a span is said in as few words as say it", () => {
  const said = (first: string, last: string): string => spanWords(dayOf(first), dayOf(last));
  assert.equal(said("2020-06-29", "2020-06-29"), "29 June 2020");
  assert.equal(said("2020-06-01", "2020-06-30"), "June 2020");
  assert.equal(said("2020-01-01", "2020-12-31"), "2020");
  assert.equal(said("2020-01-01", "2029-12-31"), "2020–2029");
  assert.equal(said("2020-04-01", "2020-06-30"), "April – June 2020");
  assert.equal(said("2020-09-01", "2021-02-28"), "September 2020 – February 2021");
  assert.equal(said("1962-10-20", "1962-11-21"), "20 October – 21 November 1962");
  assert.equal(said("1962-10-20", "1962-10-22"), "20–22 October 1962");
  assert.equal(said("1999-12-31", "2000-01-01"), "31 December 1999 – 1 January 2000");
});
