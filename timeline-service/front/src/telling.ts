// What is told of a picture: counts, the sentence for a screen reader, the line under it.

import { totals, within } from "./bins.ts";
import { type Counts, type Mark, SIDES, type Span, sum, total, VALENCES } from "./data.ts";
import { type Drawn, stepWords } from "./note.ts";
import type { Seen } from "./picture.ts";
import { type Names, sentence } from "./words.ts";

/** What begins in the days that are seen, in a sentence. `all` is how many there are, where all is seen. */
export function sentenceOf(seen: Seen, span: Span, all: number | null, names: Names): string {
  const { first, last } = span;
  const begins = ({ earliest }: Mark): boolean => earliest !== null && earliest >= first && earliest <= last;
  const counts = totals(seen.bins.length ? within(seen.bins, span) : seen.marks.filter(begins).map(countsOf));
  return sentence(counts, all === null ? 0 : Math.max(0, all - total(counts)), first, last, names);
}

export function legendOf({ shown, bins, missing, changed }: Seen, more: boolean): Drawn {
  const marks = shown.map(({ mark }) => mark);
  const counts = totals(bins.length ? bins : marks.map(countsOf));
  const valences = VALENCES.map((_, which) => sum(SIDES.map((side) => counts[side][which] ?? 0)));
  return { marks, valences, step: stepWords(bins), missing, changed, more };
}

/** One mark as counts. */
function countsOf(mark: Mark): Counts {
  const none = VALENCES.map(() => 0);
  return { first: none, both: none, second: none, [mark.side]: VALENCES.map((name) => Number(name === mark.valence)) };
}
