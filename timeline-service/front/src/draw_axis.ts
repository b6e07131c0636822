// The seam, the ticks, and today.

import { type Tick, ticksOf } from "./axis.ts";
import { today } from "./days.ts";
import { AXIS, HEIGHT, SEAM } from "./frame.ts";
import { px, svg } from "./svg.ts";
import type { Names } from "./words.ts";

/** What a letter of the first one's name takes, and what is said of it, and half of what today does. */
const LETTER = 8;
const SIDE_ROOM = 70;

/** From days to pixels of the drawing. */
export type Scale = (day: number) => number;

export function drawAxis(
  grid: SVGGElement,
  scale: Scale,
  first: number,
  last: number,
  width: number,
  names: Names,
  band: number,
): void {
  const bottom = HEIGHT - AXIS;
  const lines = ticksOf(first, last, width).map((tick) => tickAt(tick, px(scale(tick.day)), bottom));
  const now = today();
  const nowAt = px(scale(now));
  const parts: Node[] = [
    svg("rect", { class: "band", x: 0, y: SEAM - band, width, height: 2 * band }),
    ...lines.flat(),
    svg("line", { class: "seam-line", x1: 0, x2: width, y1: SEAM, y2: SEAM }),
  ];
  if (now >= first && now <= last && nowAt < width) {
    parts.push(svg("line", { class: "today", x1: nowAt, x2: nowAt, y1: 14, y2: bottom }));
    const end = nowAt > width - 48;
    const place = { class: "quiet", x: end ? width : nowAt, y: 9, "text-anchor": end ? "end" : "middle" };
    if (nowAt > LETTER * names.first.length + SIDE_ROOM) parts.push(svg("text", place, "today"));
  }
  parts.push(
    svg("text", { class: "side", x: 0, y: 10 }, `${names.first} acted ↑`),
    svg("text", { class: "side", x: 0, y: bottom - 5 }, `${names.second} acted ↓`),
  );
  grid.replaceChildren(...parts);
}

function tickAt(tick: Tick, x: number, bottom: number): Node[] {
  const line = svg("line", { class: tick.strong ? "tick strong" : "tick", x1: x, x2: x, y1: 16, y2: bottom });
  if (!tick.words) return [line];
  const words = { class: tick.strong ? "tick-words strong" : "tick-words", x, y: HEIGHT - 8, "text-anchor": "middle" };
  return [line, svg("text", words, tick.words)];
}
