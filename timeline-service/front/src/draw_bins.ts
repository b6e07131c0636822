// Two mirrored histograms, of what each side did, and what both did on the seam between them: all on one scale.

import { largest, roundBelow } from "./bins.ts";
import { type Bin, SIDES, type Side, sum, VALENCES } from "./data.ts";
import type { Scale } from "./draw_axis.ts";
import { AXIS, HEIGHT, SEAM } from "./frame.ts";
import { px, svg } from "./svg.ts";
import { grouped, SIGNS } from "./words.ts";

/** From the seam outwards, by their places among VALENCES: conflict, neither, none, cooperation. */
const STACK = [2, 1, 3, 0];
const MARGIN = 18;
const BAND = 4;
const SIGN_ROOM = 15;
/** What the names of those who acted take, at the top and at the bottom. */
const SIDE_ROOM = 28;
/** What has changed is seen, however much there is in all. */
const LEAST_CHANGED = 3;

export interface Bars {
  /** Half of the height of what both did. */
  band: number;
}

/** What has changed, in bins of its own, stands before what there is in all, which then is pale. */
export function drawBins(
  layer: SVGGElement,
  bins: readonly Bin[],
  scale: Scale,
  width: number,
  changed: readonly Bin[] | null = null,
): Bars {
  const most = largest(bins);
  const room = SEAM - MARGIN - BAND;
  const unit = Math.min(room / Math.max(1, most.both / 2 + most.side), 24);
  const band = BAND + (most.both / 2) * unit;
  const draw = (some: readonly Bin[], least: number): Node[] => barsOf(some, { scale, width, unit, band, least });
  const parts = changed
    ? [svg("g", { class: "pale" }, ...draw(bins, 1)), ...draw(changed, LEAST_CHANGED)]
    : draw(bins, 1);
  layer.replaceChildren(...parts, ...countLines(most.side, unit, band, width));
  return { band };
}

interface Measures {
  scale: Scale;
  width: number;
  /** How high one event is, in pixels; but the bar of a few is never lower than `least`. */
  unit: number;
  least: number;
  band: number;
}

function barsOf(bins: readonly Bin[], { scale, width, unit, least, band }: Measures): Node[] {
  const paths = new Map<string, string>();
  const signs: Node[] = [];
  for (const bin of bins) {
    const left = px(scale(bin.start));
    const wide = Math.max(2, px(scale(bin.end + 1)) - left - (scale(bin.end + 1) - left > 6 ? 1 : 0.5));
    if (left > width || left + wide < 0) continue;
    for (const side of SIDES) {
      let height = side === "both" ? 0 : band;
      for (const which of STACK) {
        const count = bin[side][which] ?? 0;
        if (!count) continue;
        const tall = Math.max(least, side === "both" ? (count * unit) / 2 : count * unit);
        const valence = VALENCES[which] ?? "none";
        for (const y of tops(side, height, tall)) {
          paths.set(valence, `${paths.get(valence) ?? ""}M${left} ${round(y)}h${wide}v${round(tall)}h${-wide}z`);
          const sign = SIGNS[which];
          if (sign && wide >= SIGN_ROOM && tall >= SIGN_ROOM) signs.push(signAt(sign, left + wide / 2, y + tall / 2));
        }
        height += tall;
      }
    }
  }
  return [...[...paths].map(([valence, d]) => svg("path", { class: valence, d })), ...signs];
}

function signAt(sign: string, x: number, y: number): SVGTextElement {
  return svg("text", { class: "bar-sign", x, y: y + 4, "text-anchor": "middle" }, sign);
}

/** The bin at a place of the drawing. */
export function binAt(bins: readonly Bin[], day: number): Bin | null {
  return bins.find((bin) => day >= bin.start && day < bin.end + 1) ?? null;
}

/** Whether a bin holds anything. */
export const holds = (bin: Bin): boolean => SIDES.some((side) => sum(bin[side]) > 0);

function tops(side: Side, height: number, tall: number): number[] {
  if (side === "first") return [SEAM - height - tall];
  return side === "second" ? [SEAM + height] : [SEAM - height - tall, SEAM + height];
}

/** How many a height stands for, the same above and below. */
function countLines(most: number, unit: number, band: number, width: number): Node[] {
  const count = roundBelow(most);
  if (count * unit < 16) return [];
  return [-1, 1].flatMap((way) => {
    const y = px(SEAM + way * (band + count * unit));
    if (y < 14 || y > HEIGHT - AXIS - 4) return [];
    const line = svg("line", { class: "count-line", x1: 0, x2: width, y1: y, y2: y });
    const over = y < SIDE_ROOM ? y + 12 : y - 3; // who acted stands in the corners
    if (over > HEIGHT - AXIS - SIDE_ROOM / 2) return [line];
    return [line, svg("text", { class: "quiet halo", x: 0, y: over }, grouped(count))];
  });
}

const round = (value: number): number => Math.round(value * 10) / 10;
