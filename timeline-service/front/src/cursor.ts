// What is chosen and what is pointed at, shown in the drawing.

import type { Bin } from "./data.ts";
import type { Scale } from "./draw_axis.ts";
import { RING, type Shown } from "./draw_marks.ts";
import { AXIS, HEIGHT } from "./frame.ts";
import { px, svg } from "./svg.ts";

/** An event or a bin. */
export type Target = { id: string } | { bin: Bin } | null;

export function isSame(one: Target, other: Target): boolean {
  if (!one || !other) return one === other;
  if ("id" in one) return "id" in other && one.id === other.id;
  return "bin" in other && one.bin.start === other.bin.start && one.bin.end === other.bin.end;
}

export function drawCursor(
  layer: SVGGElement,
  targets: Record<string, Target>,
  shown: readonly Shown[],
  scale: Scale,
): void {
  const bottom = HEIGHT - AXIS;
  const parts: Node[] = [];
  for (const [kind, target] of Object.entries(targets)) {
    if (!target) continue;
    if ("bin" in target) {
      const left = px(scale(target.bin.start));
      const width = Math.max(2, px(scale(target.bin.end + 1)) - left);
      parts.push(svg("rect", { class: `here ${kind}`, x: left, y: 14, width, height: bottom - 14 }));
      continue;
    }
    const found = shown.find(({ mark }) => mark.id === target.id);
    if (!found) continue;
    const { left, right, y, radius, mark } = found;
    const middle = px(Math.min(Math.max(found.anchor, left), right));
    parts.push(svg("line", { class: `here ${kind}`, x1: middle, x2: middle, y1: y, y2: bottom }));
    const beside = mark.fate ? RING + 3 : 3.5;
    const around = radius + beside;
    const width = px(right - left) + 2 * beside;
    const box = { x: px(left) - beside, y: y - around, width, height: 2 * around, rx: around };
    parts.push(svg("rect", { class: `ring ${kind}`, ...box }));
  }
  layer.replaceChildren(...parts);
}
