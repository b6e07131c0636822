// What is said of what is drawn.

import { type Bin, type Counts, type Mark, SIDES, sum, total, VALENCES } from "./data.ts";
import { dayWords, partsOf, spanWords } from "./days.ts";

export const SIGNS = ["+", "·", "−", ""] as const;
const SMALL = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");

export interface Names {
  first: string;
  second: string;
}

export function whenWords(mark: Mark): string {
  const { earliest, latest, precision } = mark;
  let words: string;
  if (earliest !== null && latest !== null)
    words = ["season", "decade", "century"].includes(precision)
      ? between(earliest, latest)
      : spanWords(earliest, latest);
  else if (earliest !== null) words = `since ${beginning(earliest, mark.beginsBy)}`;
  else words = `until ${beginning(mark.endsFrom ?? latest ?? 0, latest)}`;
  if (mark.approximate) words = `about ${words}`;
  return mark.uncertain ? `${words}, uncertain` : words;
}

/** An event in one line, as the graphic tells it. */
export function markWords(mark: Mark, names: Names): string {
  const acted = { first: `${names.first} acted`, second: `${names.second} acted`, both: "both acted" }[mark.side];
  const valence = mark.valence === "none" ? "without a valence" : mark.valence;
  const sources = mark.sources === 1 ? "1 source" : `${mark.sources} sources`;
  return `${acted} · ${valence} · ${sources}${mark.retracted ? " · retracted" : ""}`;
}

/** What a bin holds: 2020: China acted once (1 −), India 4 times (1 +, 3 −), both twice (2 −). */
export function binWords(bin: Bin, names: Names): string {
  return `${spanWords(bin.start, bin.end)}: ${countsWords(bin, names, (counts) => ` (${signed(counts)})`)}`;
}

/** All that is shown, in a sentence. */
export function sentence(counts: Counts, reaching: number, first: number, last: number, names: Names): string {
  const events = total(counts) + reaching;
  const [from, to] = [partsOf(first).year, partsOf(last).year];
  const when = from === to ? `In ${from}` : `Between ${from} and ${to}`;
  if (!events) return `${when} nothing is recorded.`;
  const valences = VALENCES.map((name, which) => ({ name, count: sum(SIDES.map((side) => counts[side][which] ?? 0)) }))
    .filter(({ count }) => count)
    .map(({ name, count }) => `${grouped(count)} ${name === "none" ? "without a valence" : name}`);
  const said = total(counts)
    ? `${when} ${countsWords(counts, names, () => "")}: ${valences.join(", ")}.`
    : `${when} nothing begins.`;
  const more = reaching ? ` ${grouped(reaching)} more reach into this time from before.` : "";
  return said + more;
}

/** How often: once, twice, three times, 1,234 times. */
export function times(count: number): string {
  if (count < 3) return ["never", "once", "twice"][count] ?? "";
  return `${SMALL[count] ?? grouped(count)} times`;
}

export const grouped = (count: number): string => count.toLocaleString("en");

function countsWords(counts: Counts, names: Names, more: (counts: readonly number[]) => string): string {
  const parts = SIDES.map((side) => {
    const who = side === "both" ? "both" : names[side];
    const count = sum(counts[side]);
    return { count, words: `${who} acted ${times(count)}${count ? more(counts[side]) : ""}` };
  });
  const acting = parts.filter(({ count }) => count).map(({ words }) => words);
  if (!acting.length) return "nobody acted";
  return acting.length > 1 ? `${acting.slice(0, -1).join(", ")} and ${acting.at(-1)}` : (acting[0] ?? "");
}

function signed(counts: readonly number[]): string {
  return counts
    .map((count, which) => (count ? `${grouped(count)} ${SIGNS[which] || "without a sign"}` : ""))
    .filter(Boolean)
    .join(", ");
}

function between(first: number, last: number): string {
  return `between ${dayWords(first)} and ${dayWords(last)}`;
}

function beginning(first: number, last: number | null): string {
  return spanWords(first, last ?? first);
}
