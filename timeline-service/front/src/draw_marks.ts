// Discs of days and bars of longer times, each in its row, with labels where there is room.

import { anchorOf, type Body, bodyOf, isDay } from "./bounds.ts";
import type { Mark, Span } from "./data.ts";
import { today } from "./days.ts";
import type { Scale } from "./draw_axis.ts";
import { SEAM } from "./frame.ts";
import { type Item, type Layout, layOut } from "./layout.ts";
import { px, svg } from "./svg.ts";

export const ROW = 21;
/** Rows on each side of the seam. */
export const ROWS = Math.floor((SEAM - 20) / ROW);
const RADIUS = 7;
/** What is not known to the day is never narrower than a disc with soft wings. */
const WINGS = 12;

/** A mark in pixels. */
interface Drawn {
  mark: Mark;
  body: Body;
  day: boolean;
  left: number;
  right: number;
  anchor: number;
}

export interface Shown extends Drawn {
  y: number;
}

export interface Picture {
  shown: Shown[];
  /** Half of the height of what both did. */
  band: number;
}

type Measure = (text: string) => number;

/** Marks as a picture of this scale has them; null if there is no room for them. */
export function arrange(
  marks: readonly Mark[],
  scale: Scale,
  extent: Span,
  width: number,
  measure: Measure,
): { layout: Layout; drawn: Drawn[] } | null {
  const now = today();
  const mostLabel = Math.min(Math.max(180, 0.36 * width), 400);
  const drawn = marks.map((mark) => drawnOf(mark, scale, extent, now));
  const isInside = ({ left, right }: Drawn): boolean => right >= 0 && left <= width;
  if (drawn.filter(isInside).length * 2 * RADIUS > (2 * ROWS + 1) * (width + 2 * RADIUS)) return null;
  const seen = drawn.filter(({ left, right }) => right >= -width && left <= 2 * width);
  const items = seen.map((one): Item => {
    const { mark, left, right } = one;
    const label = Math.min(mostLabel, measure(mark.title));
    const inside = isInside(one);
    return { id: mark.id, side: mark.side, left, right, label, weight: mark.sources, seen: inside };
  });
  const layout = layOut(items, ROWS, 0, width);
  return layout && { layout, drawn: seen };
}

export function drawMarks(
  layers: { marks: SVGGElement; labels: SVGGElement },
  { layout, drawn }: { layout: Layout; drawn: Drawn[] },
  width: number,
  measure: Measure,
): Picture {
  const band = ROW * (layout.shared + 0.5);
  const [marks, labels, shown]: [Node[], Node[], Shown[]] = [[], [], []];
  for (const one of drawn) {
    const place = layout.places.get(one.mark.id);
    if (!place) continue;
    const y = SEAM - ROW * place.row;
    shown.push({ ...one, y });
    marks.push(markOf(one, y, width));
    if (!place.label) continue;
    const { left, width: room, before } = place.label;
    const x = before ? left + room : left;
    const words = cut(one.mark.title, room, measure);
    const kind = one.mark.retracted ? "label gone" : "label";
    if (!place.row)
      labels.push(svg("rect", { class: "back", x: px(left) - 2, y: y - 8, width: px(room) + 4, height: 16 }));
    labels.push(svg("text", { class: kind, x: px(x), y: y + 4, "text-anchor": before ? "end" : "start" }, words));
  }
  layers.marks.replaceChildren(...marks);
  layers.labels.replaceChildren(...labels);
  return { shown, band };
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

function drawnOf(mark: Mark, scale: Scale, extent: Span, now: number): Drawn {
  const body = bodyOf(mark, extent, now);
  if (isDay(mark)) {
    const anchor = scale(body.from + 0.5);
    return { mark, body, day: true, anchor, left: anchor - RADIUS, right: anchor + RADIUS };
  }
  let [left, right] = [scale(body.from), scale(body.to)];
  let anchor = scale(anchorOf(body));
  const soft = body.solid > body.from || body.until < body.to;
  const least = soft ? WINGS : RADIUS; // what is known to the day and too short for a bar is a disc
  if (right - left < 2 * least) {
    anchor = (left + right) / 2;
    [left, right] = [anchor - least, anchor + least];
    if (!soft) return { mark, body, day: true, anchor, left, right };
  }
  return { mark, body, day: false, anchor: Math.min(Math.max(anchor, left + RADIUS), right - RADIUS), left, right };
}

function markOf(one: Drawn, y: number, width: number): SVGGElement {
  const { mark } = one;
  const kinds = ["mark", mark.valence];
  if (mark.approximate) kinds.push("approximate");
  if (mark.uncertain || mark.retracted) kinds.push("hollow");
  const group = svg("g", { class: kinds.join(" "), "data-id": mark.id });
  if (!one.day) group.append(...barOf(one, y, width));
  const inView = one.right >= 0 && one.left <= width; // a bar's sign stays in view with it
  const x = px(inView ? Math.min(Math.max(one.anchor, 2 * RADIUS, one.left + RADIUS), one.right - RADIUS) : one.anchor);
  if (mark.approximate) {
    group.append(svg("circle", { class: "edge", cx: x, cy: y, r: RADIUS }));
    group.append(svg("circle", { class: "disc", cx: x, cy: y, r: RADIUS - 2 }));
  } else
    group.append(svg("circle", { class: "disc", cx: x, cy: y, r: kinds.includes("hollow") ? RADIUS - 0.75 : RADIUS }));
  const size = mark.approximate ? 2.5 : 3.5;
  const line = `M${x - size} ${y}h${2 * size}`;
  const d = {
    cooperative: `${line}M${x} ${y - size}v${2 * size}`,
    conflictual: line,
    neutral: `M${x} ${y}h0.01`,
    none: "",
  };
  if (d[mark.valence]) group.append(svg("path", { class: `sign ${mark.valence}`, d: d[mark.valence] }));
  if (mark.retracted)
    group.append(svg("path", { class: "strike", d: `M${x - RADIUS - 3} ${y + 4}L${x + RADIUS + 3} ${y - 4}` }));
  return group;
}

/** A bar in three parts: in, solid, out. Hollow ones have an upper and a lower edge only. */
function barOf({ mark, body, left, right }: Drawn, y: number, width: number): Node[] {
  const length = body.to - body.from;
  const at = (day: number): number => Math.round(left + ((day - body.from) / length) * (right - left));
  const [from, solid, until, to] = [at(body.from), at(body.solid), at(body.until), at(body.to)];
  const parts: [number, number, string][] = [
    [from, solid, `url(#seam-${mark.valence}-in)`],
    [Math.max(solid, -width), Math.min(until, 2 * width), "currentColor"],
    [until, to, `url(#seam-${mark.valence}-out)`],
  ];
  const hollow = mark.uncertain || mark.retracted;
  const heights = hollow
    ? [
        [y - 4.5, 1.5],
        [y + 3, 1.5],
      ]
    : [[y - 4, 8]];
  const nodes: Node[] = heights.flatMap(([top = 0, height = 0]) =>
    parts
      .filter(([start, end]) => end > start)
      .map(([start, end, fill]) => svg("rect", { x: start, y: top, width: end - start, height, fill })),
  );
  if (mark.approximate) {
    const [x1, x2] = [Math.max(from, -width), Math.min(to, 2 * width)];
    nodes.push(...[y - 6.5, y + 6.5].map((edge) => svg("line", { class: "edge", x1, x2, y1: edge, y2: edge })));
  }
  return nodes;
}

/** As much of a text as goes into so many pixels. */
function cut(text: string, room: number, measure: Measure): string {
  const whole = measure(text);
  if (whole <= room) return text;
  const letters = Math.max(1, Math.floor((text.length * (room - 10)) / whole));
  return `${text.slice(0, letters).trimEnd()}…`;
}
