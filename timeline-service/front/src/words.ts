// What is said of what is drawn.

import { type Bin, type Counts, FATES, type Fate, type Mark, SIDES, sum, total, VALENCES } from "./data.ts";
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
  const fate = fateWords(mark);
  return `${acted} · ${valence} · ${sources}${mark.retracted ? " · retracted" : ""}${fate && ` · ${fate}`}`;
}

function fateWords({ fate, was }: Mark): string {
  if (was) return `moved: it was ${whenWords(was)}`;
  return { appeared: "appeared since", left: "has left since", moved: "", changed: "changed since" }[fate ?? "moved"];
}

/** What has changed since a moment, in a sentence. */
export function changedWords(changed: readonly Mark[], more: boolean, since: string): string {
  const said = fatesOf(changed).map(({ fate, count }) => `${count === 1 ? "one" : spelled(count)} ${FATE_WORDS[fate]}`);
  const [last, ...others] = said.reverse();
  const events = others.length ? `${others.reverse().join(", ")} and ${last}` : (last ?? "nothing changed");
  const those = more
    ? `Of the events that changed since ${since}, the last ${grouped(changed.length)} to be revised: `
    : "";
  return `${those || `Since ${since}: `}${events}.`;
}

/** How many have which fate, without those that none has. */
export function fatesOf(marks: readonly Mark[]): { fate: Fate; count: number }[] {
  return FATES.map((fate) => ({ fate, count: marks.filter((mark) => mark.fate === fate).length })).filter(
    ({ count }) => count,
  );
}

export const FATE_WORDS: Record<Fate, string> = {
  appeared: "appeared",
  left: "left",
  moved: "moved in time",
  changed: "changed otherwise",
};

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
  return `${spelled(count)} times`;
}

const spelled = (count: number): string => SMALL[count] ?? grouped(count);

const NUMBERS = new Intl.NumberFormat("en");

export const grouped = (count: number): string => NUMBERS.format(count);

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
