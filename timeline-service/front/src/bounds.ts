// Where a mark is solid and where it is soft: an end that is not known to the day fades over the days in which it may lie.

import type { Mark, Span } from "./data.ts";

/** Days: soft from `from` to `solid`, solid to `until`, soft to `to`. */
export interface Body {
  from: number;
  solid: number;
  until: number;
  to: number;
}

/** Of an open end, this part fades towards today (or towards the beginning of what is drawn). */
const OPEN_PART = 0.4;
const YEAR = 365;

export function isDay(mark: Mark): boolean {
  return mark.earliest !== null && mark.earliest === mark.latest;
}

export function bodyOf(mark: Mark, extent: Span, now: number): Body {
  const { earliest, latest, beginsBy, endsFrom } = mark;
  if (earliest !== null && latest !== null) {
    const solid = beginsBy === null || beginsBy === earliest ? earliest : beginsBy + 1;
    const until = endsFrom === null || endsFrom === latest ? latest + 1 : endsFrom;
    if (solid <= until) return { from: earliest, solid, until, to: latest + 1 };
    const middle = (earliest + latest + 1) / 2; // it may have begun after it may have ended: a date, not a stretch
    return { from: earliest, solid: middle, until: middle, to: latest + 1 };
  }
  if (earliest !== null) {
    const solid = beginsBy === null || beginsBy === earliest ? earliest : beginsBy + 1;
    const to = now > solid ? now : solid + YEAR;
    return { from: earliest, solid, until: to - OPEN_PART * (to - solid), to };
  }
  const to = (latest ?? now) + 1;
  const until = endsFrom === null || endsFrom === latest ? to : endsFrom;
  const from = Math.min(extent.first, until - YEAR);
  return { from, solid: from + OPEN_PART * (until - from), until, to };
}

/** Where its sign stands. */
export function anchorOf(body: Body): number {
  return body.solid === body.until ? body.solid : (body.from + body.solid) / 2;
}
