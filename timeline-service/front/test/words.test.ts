import assert from "node:assert/strict";
import { test } from "node:test";
import { dayOf } from "../src/days.ts";
import { binWords, markWords, sentence, times, whenWords } from "../src/words.ts";
import { mark } from "./marks.ts";

const names = { first: "China", second: "India" };
const counts = { first: [1, 0, 2, 0], both: [0, 0, 0, 0], second: [0, 0, 4, 0] };

test("the sentence is made of the counts", () => {
  const [first, last] = [dayOf("2020-01-01"), dayOf("2020-12-31")];
  assert.equal(
    sentence(counts, 0, first, last, names),
    "In 2020 China acted three times and India acted four times: 1 cooperative, 6 conflictual.",
  );
  const none = { first: [0, 0, 0, 0], both: [0, 0, 0, 0], second: [0, 0, 0, 0] };
  assert.equal(sentence(none, 0, first, last, names), "In 2020 nothing is recorded.");
  assert.equal(
    sentence(none, 2, dayOf("1950-01-01"), last, names),
    "Between 1950 and 2020 nothing begins. 2 more reach into this time from before.",
  );
});

test("a bin tells who acted how often, by sign", () => {
  const bin = { start: dayOf("2020-01-01"), end: dayOf("2020-12-31"), ...counts };
  assert.equal(binWords(bin, names), "2020: China acted three times (1 +, 2 −) and India acted four times (4 −)");
});

test("a mark tells when, who, and how well it is known", () => {
  const ban = mark("a", "2020-06-29", "2020-06-29", { side: "second", valence: "conflictual", sources: 2 });
  assert.equal(whenWords(ban), "29 June 2020");
  assert.equal(markWords(ban, names), "India acted · conflictual · 2 sources");
  assert.equal(whenWords({ ...ban, approximate: true, uncertain: true }), "about 29 June 2020, uncertain");
  assert.match(markWords({ ...ban, retracted: true }, names), /retracted$/);
  const open = mark("a", "2020-01-01", null, { beginsBy: dayOf("2020-12-31"), endsFrom: null });
  assert.equal(whenWords(open), "since 2020");
  const ended = mark("a", null, "2019-12-31", { beginsBy: null, endsFrom: dayOf("2019-01-01") });
  assert.equal(whenWords(ended), "until 2019");
  const season = mark("a", "2020-03-21", "2020-05-31", { precision: "season" });
  assert.equal(whenWords(season), "between 21 March 2020 and 31 May 2020");
});

test("numbers are said as one says them", () => {
  assert.deepEqual([0, 1, 2, 3, 12, 13, 1234].map(times), [
    "never",
    "once",
    "twice",
    "three times",
    "twelve times",
    "13 times",
    "1,234 times",
  ]);
});
