// What the service answers of a pair, with days as numbers.

import { dayOf } from "./days.ts";

export const SIDES = ["first", "both", "second"] as const;
export type Side = (typeof SIDES)[number];
/** In the order in which the service counts them. */
export const VALENCES = ["cooperative", "neutral", "conflictual", "none"] as const;
export type Valence = (typeof VALENCES)[number];
/** So many of each valence, by side. */
export type Counts = Record<Side, readonly number[]>;

/** What became of an event between two moments. It moved if its date has changed. */
export const FATES = ["appeared", "left", "moved", "changed"] as const;
export type Fate = (typeof FATES)[number];

export interface Mark {
  id: string;
  title: string;
  precision: string;
  earliest: number | null;
  latest: number | null;
  beginsBy: number | null;
  endsFrom: number | null;
  approximate: boolean;
  uncertain: boolean;
  side: Side;
  valence: Valence;
  sources: number;
  retracted: boolean;
  fate: Fate | null;
  /** How it stood before it moved. */
  was: Mark | null;
}

/** Events that begin from the day `start` to the day `end`. */
export interface Bin extends Counts {
  start: number;
  end: number;
}

/** Days from `first` to `last`, both of them included. */
export interface Span {
  first: number;
  last: number;
}

export interface Answer {
  /** The days that it tells of; null where it tells of all that there is. */
  span: Span | null;
  extent: (Span & { count: number; open: boolean }) | null;
  marks: Mark[] | null;
  bins: Bin[];
  reaching: Counts | null;
  /** What has changed since a moment, where that was asked for; the marks hold it, too. */
  changed: readonly Mark[] | null;
  /** Whether more has changed than that. */
  more: boolean;
}

interface RawMark extends Omit<Mark, "earliest" | "latest" | "beginsBy" | "endsFrom" | "valence" | "fate" | "was"> {
  earliest: string | null;
  latest: string | null;
  begins_by: string | null;
  ends_from: string | null;
  valence: Valence | null;
}

export interface RawAnswer {
  start: string | null;
  end: string | null;
  extent?: { count: number; first: string | null; last: string | null; open: boolean };
  marks?: RawMark[];
  bins?: (Counts & { start: string; end: string })[];
  reaching?: Counts;
  changed?: { change: "appeared" | "left" | "changed"; mark: RawMark; was: RawMark | null }[];
  more?: boolean;
}

export function readAnswer(raw: RawAnswer): Answer {
  const { extent } = raw;
  return {
    span: raw.start && raw.end && !extent ? { first: dayOf(raw.start), last: dayOf(raw.end) } : null,
    extent:
      extent?.first && extent.last
        ? { first: dayOf(extent.first), last: dayOf(extent.last), count: extent.count, open: extent.open }
        : null,
    marks: raw.marks ? raw.marks.map(readMark) : null,
    bins: (raw.bins ?? []).map((bin) => ({ ...bin, start: dayOf(bin.start), end: dayOf(bin.end) })),
    reaching: raw.reaching ?? null,
    changed: raw.changed ? raw.changed.map(readChanged).sort(byDate) : null,
    more: raw.more ?? false,
  };
}

/** An answer with what has changed among its marks, and within its extent. */
export function joined(answer: Answer, changed: readonly Mark[] | null): Answer {
  if (!changed) return answer;
  const ids = new Set(changed.map(({ id }) => id));
  const marks = answer.marks && [...answer.marks.filter(({ id }) => !ids.has(id)), ...changed].sort(byDate);
  const days = changed.flatMap(({ earliest, latest, was }) => [earliest, latest, was?.earliest, was?.latest]);
  const known = days.filter((day) => day !== null && day !== undefined);
  if (answer.span || !known.length) return { ...answer, marks, changed };
  const { first, last, count, open } = answer.extent ?? { first: Infinity, last: -Infinity, count: 0, open: false };
  const extent = { first: Math.min(first, ...known), last: Math.max(last, ...known), count, open };
  return { ...answer, marks, changed, extent };
}

function readMark({ begins_by, ends_from, ...raw }: RawMark): Mark {
  return {
    ...raw,
    earliest: maybe(raw.earliest),
    latest: maybe(raw.latest),
    beginsBy: maybe(begins_by),
    endsFrom: maybe(ends_from),
    valence: raw.valence ?? "none",
    fate: null,
    was: null,
  };
}

function readChanged({ change, mark, was }: NonNullable<RawAnswer["changed"]>[number]): Mark {
  return { ...readMark(mark), fate: was ? "moved" : change, was: was && readMark(was) };
}

function byDate(a: Mark, b: Mark): number {
  const order =
    (a.earliest ?? -Infinity) - (b.earliest ?? -Infinity) || (a.latest ?? Infinity) - (b.latest ?? Infinity);
  return order || (a.id < b.id ? -1 : 1);
}

const maybe = (text: string | null): number | null => (text === null ? null : dayOf(text));

export const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

export const total = (counts: Counts): number => sum(SIDES.map((side) => sum(counts[side])));
