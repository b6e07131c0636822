import assert from "node:assert/strict";
import { test } from "node:test";
import { binsOf, largest, roundBelow, stepFor, totals, within } from "../src/bins.ts";
import { total } from "../src/data.ts";
import { dayOf, isoOf } from "../src/days.ts";
import { mark } from "./marks.ts";

const marks = [
  mark("a", "2019-12-31", "2020-02-01", { side: "first", valence: "cooperative" }),
  mark("b", "2020-01-01", "2020-01-01", { side: "second", valence: "conflictual" }),
  mark("c", "2020-03-31", "2020-03-31", { side: "second", valence: "neutral" }),
  mark("d", "2020-04-01", "2020-04-01"),
  mark("e", null, "2020-04-01"),
];

test("the step follows the room that there is", () => {
  assert.deepEqual(stepFor(60, 1000), { months: 0, days: 1 });
  assert.equal(stepFor(1500, 1000).days, 7);
  assert.equal(stepFor(57 * 365, 1000).months, 3);
  assert.equal(stepFor(77 * 365, 390).months, 12);
  assert.equal(stepFor(9998 * 365, 100).months, 6000);
});

test("each mark counts once, where it may begin at the earliest, as the service counts it", () => {
  const bins = binsOf(marks, { months: 3, days: 91 });
  assert.deepEqual(
    bins.map((bin) => [isoOf(bin.start), isoOf(bin.end), bin.first, bin.both, bin.second]),
    [
      ["2019-10-01", "2019-12-31", [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
      ["2020-01-01", "2020-03-31", [0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0]],
      ["2020-04-01", "2020-06-30", [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]],
    ],
  );
  assert.equal(total(totals(bins)), 4);
  assert.deepEqual(largest(bins), { side: 2, both: 1 });
});

test("weeks begin on Mondays, decades with a nought", () => {
  const [week] = binsOf([mark("a", "2026-11-30", "2026-11-30")], { months: 0, days: 7 });
  assert.equal(isoOf(week?.start ?? 0), "2026-11-30");
  const [decade] = binsOf([mark("a", "2026-11-30", "2026-11-30")], { months: 120, days: 3652 });
  assert.equal(isoOf(decade?.start ?? 0), "2020-01-01");
});

test("bins are found that reach into a span", () => {
  const bins = binsOf(marks, { months: 3, days: 91 });
  const span = { first: dayOf("2019-11-01"), last: dayOf("2020-01-01") };
  assert.equal(within(bins, span).length, 2);
});

test("a scale has a round number", () => {
  assert.deepEqual([1, 3, 7, 19, 99, 260].map(roundBelow), [1, 2, 5, 10, 50, 200]);
});
