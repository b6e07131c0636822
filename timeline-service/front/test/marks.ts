// Marks for tests.

import type { Mark, Side, Valence } from "../src/data.ts";
import { dayOf } from "../src/days.ts";

export function mark(id: string, earliest: string | null, latest: string | null, more: Partial<Mark> = {}): Mark {
  const [first, last] = [earliest === null ? null : dayOf(earliest), latest === null ? null : dayOf(latest)];
  return {
    id,
    title: `Event ${id}`,
    precision: earliest === latest ? "day" : "interval",
    earliest: first,
    latest: last,
    beginsBy: first,
    endsFrom: last,
    approximate: false,
    uncertain: false,
    side: "both" as Side,
    valence: "none" as Valence,
    sources: 1,
    retracted: false,
    fate: null,
    was: null,
    ...more,
  };
}
