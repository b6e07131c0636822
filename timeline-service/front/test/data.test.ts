import assert from "node:assert/strict";
import { test } from "node:test";
import { joined, type RawAnswer, readAnswer } from "../src/data.ts";
import { dayOf } from "../src/days.ts";
import { changedWords, markWords } from "../src/words.ts";

const NAMES = { first: "China", second: "India" };
const raw = (id: string, day: string) => ({
  ...{ id, title: `Event ${id}`, precision: "day", approximate: false, uncertain: false, retracted: false, sources: 1 },
  ...{ earliest: day, latest: day, begins_by: day, ends_from: day, side: "first" as const, valence: null },
});
const ANSWER: RawAnswer = {
  ...{ start: "2020-01-01", end: "2020-12-31", more: false },
  extent: { count: 3, first: "2020-01-01", last: "2020-12-31", open: false },
  marks: [raw("kept", "2020-01-01"), raw("late", "2020-12-31"), raw("new", "2020-05-05")],
  changed: [
    { change: "changed", mark: raw("late", "2020-12-31"), was: raw("late", "2021-02-02") },
    { change: "left", mark: raw("gone", "2019-03-03"), was: null },
    { change: "appeared", mark: raw("new", "2020-05-05"), was: null },
  ],
};

test("what has changed stands among the marks, in order and once, and is within the extent", () => {
  const read = readAnswer(ANSWER);
  const { marks, changed, extent } = joined(read, read.changed);
  assert.deepEqual(
    marks?.map(({ id, fate }) => [id, fate]),
    [
      ["gone", "left"],
      ["kept", null],
      ["new", "appeared"],
      ["late", "moved"],
    ],
  );
  assert.equal(changed?.length, 3);
  assert.deepEqual(extent && [extent.first, extent.last], [dayOf("2019-03-03"), dayOf("2021-02-02")]);
});

test("a part of the days has what has changed, too, and no extent of its own", () => {
  const { changed } = readAnswer(ANSWER);
  const { extent: _, changed: __, ...part } = ANSWER;
  assert.equal(joined(readAnswer(part), changed).marks?.length, 4);
  assert.equal(joined(readAnswer(part), changed).extent, null);
  assert.equal(joined(readAnswer({ ...part, marks: [] }), null).changed, null);
});

test("where all has left there still is something to draw", () => {
  const nothing = { count: 0, first: null, last: null, open: false };
  const read = readAnswer({ ...ANSWER, start: null, end: null, extent: nothing, marks: [] });
  assert.equal(joined(read, read.changed).extent?.first, dayOf("2019-03-03"));
});

test("what has changed is said", () => {
  const { changed } = readAnswer(ANSWER);
  const marks = changed ?? [];
  assert.equal(changedWords(marks, false, "1 June"), "Since 1 June: one appeared, one left and one moved in time.");
  assert.equal(changedWords(marks.slice(0, 1), false, "1 June"), "Since 1 June: one left.");
  assert.match(changedWords(marks, true, "1 June"), /^Of the events that changed since 1 June, the last 3 to be/);
  const moved = marks.find(({ id }) => id === "late");
  assert.match(moved ? markWords(moved, NAMES) : "", /moved: it was 2 February 2021$/);
});
