// Bins of marks, where marks are too many for the room that there is; the service makes the same of what it does not send.

import { type Bin, type Counts, type Mark, SIDES, type Span, sum, VALENCES } from "./data.ts";
import { dayOf, partsOf } from "./days.ts";

/** So many months, or else days. */
export interface Step {
  months: number;
  days: number;
}

/** A bar and the gap beside it, in pixels. */
const BAR = 4;
const STEPS: readonly Step[] = [
  { months: 0, days: 1 },
  { months: 0, days: 7 },
  ...[1, 3, 12, 24, 60, 120, 240, 600, 1200, 2400].map((months) => ({ months, days: 30.436875 * months })),
];
const LONGEST = { months: 6000, days: 30.436875 * 6000 };
const MONDAY = dayOf("0001-01-01");

/** The finest step whose bins, of which each is seen, go into so many pixels. */
export function stepFor(days: number, width: number): Step {
  const most = Math.max(1, Math.floor(width / BAR));
  return STEPS.find((step) => days / step.days <= most) ?? LONGEST;
}

export function binsOf(marks: readonly Mark[], step: Step): Bin[] {
  const bins = new Map<number, Bin & Record<(typeof SIDES)[number], number[]>>();
  for (const mark of marks) {
    if (mark.earliest === null) continue;
    const number = numberOf(mark.earliest, step);
    let bin = bins.get(number);
    if (!bin) {
      const start = firstOf(number, step);
      bin = { start, end: firstOf(number + 1, step) - 1, first: none(), both: none(), second: none() };
      bins.set(number, bin);
    }
    const counts = bin[mark.side];
    const which = VALENCES.indexOf(mark.valence);
    counts[which] = (counts[which] ?? 0) + 1;
  }
  return [...bins.entries()].sort(([a], [b]) => a - b).map(([, bin]) => bin);
}

/** What bins hold together. */
export function totals(bins: readonly Counts[]): Counts {
  const whole = { first: none(), both: none(), second: none() };
  for (const bin of bins)
    for (const side of SIDES)
      for (const [which, count] of bin[side].entries()) whole[side][which] = (whole[side][which] ?? 0) + count;
  return whole;
}

/** The largest bar of a side, and the largest on the seam. */
export function largest(bins: readonly Counts[]): { side: number; both: number } {
  let [side, both] = [0, 0];
  for (const bin of bins) {
    side = Math.max(side, sum(bin.first), sum(bin.second));
    both = Math.max(both, sum(bin.both));
  }
  return { side, both };
}

/** The bins that reach into a span. */
export function within(bins: readonly Bin[], { first, last }: Span): Bin[] {
  return bins.filter((bin) => bin.end >= first && bin.start <= last);
}

/** The largest of 1, 2, 5, 10, … that is not above a number. */
export function roundBelow(number: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, number)));
  return power * ([5, 2].find((factor) => factor * power <= number) ?? 1);
}

function numberOf(day: number, step: Step): number {
  if (!step.months) return Math.floor((day - MONDAY) / step.days);
  const { year, month } = partsOf(day);
  return Math.floor((12 * year + month) / step.months);
}

function firstOf(number: number, step: Step): number {
  if (!step.months) return MONDAY + number * step.days;
  const months = number * step.months;
  return dayOf(`${Math.floor(months / 12)}-${(months % 12) + 1}-1`);
}

const none = (): number[] => VALENCES.map(() => 0);
