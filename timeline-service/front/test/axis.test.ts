import assert from "node:assert/strict";
import { test } from "node:test";
import { ticksOf } from "../src/axis.ts";
import { dayOf } from "../src/days.ts";

const words = (first: string, last: string, width: number): string[] =>
  ticksOf(dayOf(first), dayOf(last), width).map((tick) => tick.words);

test("years stand alone", () => {
  assert.deepEqual(words("1946-06-01", "1993-06-01", 500), ["1950", "1960", "1970", "1980", "1990"]);
});

test("the first month that is told tells its year, and so does each January", () => {
  const said = words("2005-09-28", "2006-06-10", 1000);
  assert.deepEqual(said.slice(0, 5), ["", "Nov 2005", "Dec", "2006", "Feb"]);
});

test("days tell their month, and never hours", () => {
  const ticks = ticksOf(dayOf("2020-06-20"), dayOf("2020-07-12"), 1000);
  assert.ok(ticks.every(({ day }) => Number.isInteger(day)));
  assert.match(ticks.find((tick) => tick.words)?.words ?? "", /^\d+ June? 2020$/);
});

test("the first years that there are have their own numbers", () => {
  assert.ok(words("0001-01-01", "0099-01-01", 800).includes("50"));
});

test("words never lie over one another", () => {
  for (let days = 22; days < 4000; days += 7) {
    let end = Number.NEGATIVE_INFINITY;
    for (const { day, words: said } of ticksOf(12_345, 12_345 + days, 1092)) {
      if (!said) continue;
      const [x, half] = [((day - 12_345) / days) * 1092, 3.4 * said.length];
      assert.ok(x - half > end, `${said} of ${days} days`);
      end = x + half;
    }
  }
});
