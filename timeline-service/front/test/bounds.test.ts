import assert from "node:assert/strict";
import { test } from "node:test";
import { anchorOf, bodyOf, isDay } from "../src/bounds.ts";
import { dayOf } from "../src/days.ts";
import { mark } from "./marks.ts";

const extent = { first: dayOf("1950-01-01"), last: dayOf("2026-12-31") };
const now = dayOf("2026-11-30");

test("a day is a day", () => {
  const day = mark("a", "2020-06-29", "2020-06-29");
  const at = dayOf("2020-06-29");
  assert.ok(isDay(day));
  assert.deepEqual(bodyOf(day, extent, now), { from: at, solid: at, until: at + 1, to: at + 1 });
});

test("an interval whose ends are known is solid from its first day to the end of its last", () => {
  const war = mark("a", "1962-10-20", "1962-11-21");
  const [from, to] = [dayOf("1962-10-20"), dayOf("1962-11-22")];
  assert.deepEqual(bodyOf(war, extent, now), { from, solid: from, until: to, to });
  assert.equal(isDay(war), false);
});

test("an end that is not known to the day fades over the days in which it may lie, and no further", () => {
  const more = { beginsBy: dayOf("2020-09-30"), endsFrom: dayOf("2020-11-01") };
  const body = bodyOf(mark("a", "2020-09-01", "2020-11-30", more), extent, now);
  assert.deepEqual(body, {
    from: dayOf("2020-09-01"),
    solid: dayOf("2020-10-01"),
    until: dayOf("2020-11-01"),
    to: dayOf("2020-12-01"),
  });
});

test("a month is nowhere solid, and its sign stands in its middle", () => {
  const more = { beginsBy: dayOf("2020-06-30"), endsFrom: dayOf("2020-06-01") };
  const body = bodyOf(mark("a", "2020-06-01", "2020-06-30", more), extent, now);
  assert.equal(body.solid, body.until);
  assert.equal(anchorOf(body), dayOf("2020-06-16"));
});

test("an open end fades towards today, and beyond it where it has yet to begin", () => {
  const open = { beginsBy: dayOf("2020-12-31"), endsFrom: null };
  const body = bodyOf(mark("a", "2020-01-01", null, open), extent, now);
  assert.equal(body.to, now);
  assert.ok(body.solid === dayOf("2021-01-01") && body.until > body.solid && body.until < body.to);
  const later = bodyOf(mark("a", "2030-01-01", null, { endsFrom: null }), extent, now);
  assert.ok(later.from < later.until && later.until < later.to);
});

test("an open beginning fades towards the beginning of what is drawn", () => {
  const body = bodyOf(mark("a", null, "1983-12-31", { beginsBy: null }), extent, now);
  assert.equal(body.from, extent.first);
  assert.equal(body.to, dayOf("1984-01-01"));
  assert.equal(body.until, body.to);
  assert.ok(body.solid > body.from);
});
