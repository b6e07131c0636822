// Discs of days and bars of longer times, each in its row, with labels where there is room.

import { anchorOf, type Body, bodyOf, isDay } from "./bounds.ts";
import type { Mark, Span } from "./data.ts";
import { today } from "./days.ts";
import type { Scale } from "./draw_axis.ts";
import { SEAM } from "./frame.ts";
import { type Item, type Layout, layOut } from "./layout.ts";
import { shapeOf, wayOf } from "./shapes.ts";
import { px, svg } from "./svg.ts";

/**
 * How high rows are, and how large discs: the first of them in which all that is seen goes in. Where nothing else helps,
 * those that begin before what is seen are left out as far as there is no room, and counted.
 */
const SIZES = [
  { row: 21, radius: 7, labels: true, all: true },
  { row: 16, radius: 6, labels: true, all: true },
  { row: 11, radius: 4.5, labels: false, all: true },
  { row: 16, radius: 6, labels: true, all: false },
  { row: 11, radius: 4.5, labels: false, all: false },
] as const;
type Size = (typeof SIZES)[number];
const MARGIN = 20;
/** More than one in so many pixels tell less than bins do, however well they go in; so few are always told apart. */
const ROOM = 3;
const FEW = 60;
/** What is not known to the day is never narrower than a disc with soft wings of so many pixels. */
const WING = 5;
/** Between a disc and the ring of what has appeared. */
export const RING = 3;
/** What has changed has its label before what has many sources. */
const CHANGED_WEIGHT = 1e6;

/** A mark in pixels, with the radius of its disc. */
export interface Drawn {
  mark: Mark;
  body: Body;
  /** Whether it is a disc alone. */
  disc: boolean;
  left: number;
  right: number;
  /** The middle of its disc, which bears its sign. */
  anchor: number;
  radius: number;
  /** Where it was before it moved. */
  was: number | null;
}

export interface Shown extends Drawn {
  y: number;
}

export interface Picture {
  shown: Shown[];
  /** How many are seen that there was no room for. */
  missing: number;
  /** Half of the height of what both did. */
  band: number;
}

type Measure = (text: string) => number;

export interface Arranged {
  layout: Layout;
  drawn: Drawn[];
  size: Size;
}

/** Marks as a picture of this scale has them; null if there is no room for them. */
export function arrange(
  marks: readonly Mark[],
  scale: Scale,
  extent: Span,
  width: number,
  measure: Measure,
): Arranged | null {
  const now = today();
  const mostLabel = Math.min(Math.max(180, 0.36 * width), 400);
  const near = marks.flatMap((mark) => {
    const body = bodyOf(mark, extent, now);
    const was = mark.was && anchorOf(bodyOf(mark.was, extent, now));
    const [from, to] = [Math.min(body.from, was ?? body.from), Math.max(body.to, was ?? body.to)];
    return scale(to) >= -width && scale(from) <= 2 * width ? [{ mark, body, was, from, to }] : [];
  });
  const seen = near.filter(({ from, to }) => scale(to) >= 0 && scale(from) <= width).length;
  if (seen > Math.max(FEW, width / ROOM)) return null;
  const sinceThen = near.some(({ mark }) => mark.fate);
  const moved = near.some(({ was }) => was !== null);
  for (const size of SIZES)
    for (const reaching of moved ? [true, false] : [false]) {
      const drawn = near.map(({ mark, body, was }) => drawnOf(mark, body, was, scale, size.radius));
      const items = drawn.map((one): Item => {
        const { mark } = one;
        const { left, right } = roomOf(one, reaching);
        const isSeen = right >= 0 && left <= width;
        const labelled = size.labels && isSeen && (mark.fate || !sinceThen);
        const label = labelled ? Math.min(mostLabel, measure(mark.title)) : 0;
        const needed = isSeen && (size.all || left >= 0);
        const weight = mark.sources + (mark.fate ? CHANGED_WEIGHT : 0);
        return { id: mark.id, side: mark.side, left, right, label, weight, needed };
      });
      const layout = layOut(items, Math.floor((SEAM - MARGIN) / size.row), 0, width);
      if (layout) return { layout, drawn, size };
    }
  return null;
}

/** The room that a mark takes in its row: with its ring, and if there is as much, with the line from where it was. */
function roomOf({ mark, left, right, was }: Drawn, reaching: boolean): { left: number; right: number } {
  const around = mark.fate ? RING + 1 : 0;
  const reach = reaching && was !== null ? [was - 3, was + 3] : [];
  return { left: Math.min(left - around, ...reach), right: Math.max(right + around, ...reach) };
}

export function drawMarks(
  layers: { marks: SVGGElement; labels: SVGGElement },
  { layout, drawn, size }: Arranged,
  width: number,
  measure: Measure,
  moving: boolean,
): Picture {
  const band = size.row * (layout.shared + 0.5);
  const [lines, marks, labels, shown]: [Node[], Node[], Node[], Shown[]] = [[], [], [], []];
  let missing = 0;
  for (const one of drawn) {
    const place = layout.places.get(one.mark.id);
    const { left: begins, right: ends } = roomOf(one, true);
    const seen = ends >= 0 && begins <= width;
    if (!place && seen) missing++;
    if (!place || (moving && !seen)) continue; // what is beside the view is there when a hand may drag it in
    const y = SEAM - size.row * place.row;
    shown.push({ ...one, y });
    marks.push(shapeOf(one, y, width));
    if (one.was !== null) lines.push(wayOf(one, one.was, y, width));
    if (!place.label) continue;
    const { left, width: room, before } = place.label;
    const words = cut(one.mark.title, room, measure);
    const x = px(before ? left + room : left);
    const wide = Math.min(room, measure(words));
    const kind = one.mark.fate === "left" ? "label ghost" : one.mark.retracted ? "label gone" : "label";
    if (!place.row) {
      const back = { class: "back", x: (before ? x - wide : x) - 3, y: y - 8, width: wide + 6, height: 16 };
      labels.push(svg("rect", back)); // so that the seam does not strike it through
    }
    labels.push(svg("text", { class: kind, x, y: y + 4, "text-anchor": before ? "end" : "start" }, words));
  }
  layers.marks.replaceChildren(...lines, ...marks);
  layers.labels.replaceChildren(...labels);
  return { shown, missing, band };
}

/** The mark nearest to a place, if it is near. */
export function markAt(shown: readonly Shown[], x: number, y: number): Shown | null {
  let [best, least]: [Shown | null, number] = [null, 14];
  for (const one of shown) {
    const beside = Math.max(one.left - x, x - one.right, 0);
    const distance = Math.hypot(beside, one.y - y);
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}

function drawnOf(mark: Mark, body: Body, day: number | null, scale: Scale, radius: number): Drawn {
  const was = day === null ? null : scale(day);
  const soft = body.solid > body.from || body.until < body.to;
  const least = soft ? radius + WING : radius;
  const [left, right] = [scale(body.from), scale(body.to)];
  const middle = (left + right) / 2;
  if (isDay(mark) || right - left < 2 * least)
    return { mark, body, disc: !soft, left: middle - least, right: middle + least, anchor: middle, radius, was };
  const anchor = Math.min(Math.max(scale(anchorOf(body)), left + radius), right - radius);
  return { mark, body, disc: false, left, right, anchor, radius, was };
}

/** What is left of a character, such as most emoji, that was cut in two. */
const HALF = /[\ud800-\udbff]$/;

/** As much of a text as goes into so many pixels. */
function cut(text: string, room: number, measure: Measure): string {
  const whole = measure(text);
  if (whole <= room) return text;
  const letters = Math.max(1, Math.floor((text.length * (room - 10)) / whole));
  return `${text.slice(0, letters).replace(HALF, "").trimEnd()}…`;
}
