// The shape of a mark: a disc that bears its sign, on a bar where it is longer than that.

import { type Drawn, RING } from "./draw_marks.ts";
import { px, svg } from "./svg.ts";

export function shapeOf(one: Drawn, y: number, width: number): SVGGElement {
  const { mark, left, right, radius } = one;
  const hollow = mark.uncertain || mark.retracted || mark.fate === "left";
  const kinds = ["mark", mark.valence, hollow ? "hollow" : "", mark.approximate ? "approximate" : "", mark.fate ?? ""];
  const group = svg("g", { class: kinds.filter(Boolean).join(" "), "data-id": mark.id });
  if (!one.disc) group.append(...barOf(one, y, width));
  const inView = right >= 0 && left <= width; // a bar's sign stays in view with it
  const x = px(inView ? Math.min(Math.max(one.anchor, 2 * radius, left + radius), right - radius) : one.anchor);
  if (mark.approximate) group.append(svg("circle", { class: "edge", cx: x, cy: y, r: radius }));
  const inner = mark.approximate ? radius - 2 : hollow || mark.valence === "none" ? radius - 0.75 : radius;
  group.append(svg("circle", { class: "disc", cx: x, cy: y, r: inner }));
  const sign = signOf(mark.valence, x, y, inner / 2);
  if (sign) group.append(svg("path", { class: `sign ${mark.valence}`, d: sign }));
  if (mark.fate) group.append(...fateOf(one, x, y));
  const [across, down] = [radius + 3, radius / 2 + 0.5];
  if (mark.retracted)
    group.append(svg("path", { class: "strike", d: `M${x - across} ${y + down}L${x + across} ${y - down}` }));
  return group;
}

/** What became of it: a ring around all of it, a line below its disc; a ghost is known by its body. */
function fateOf({ mark, left, right, radius }: Drawn, x: number, y: number): Node[] {
  const around = radius + RING;
  const [from, wide] = [px(left) - RING, px(right - left) + 2 * RING];
  const ring = { class: "fate", x: from, y: y - around, width: wide, height: 2 * around, rx: around };
  if (mark.fate === "appeared") return [svg("rect", ring)];
  const below = y + radius + RING;
  return mark.fate === "changed" ? [svg("path", { class: "fate", d: `M${x - radius} ${below}h${2 * radius}` })] : [];
}

/** A thin line to a mark from where it was, which keeps an open dot. */
export function wayOf({ mark, left, right }: Drawn, was: number, y: number, width: number): SVGGElement {
  const inView = (x: number): number => px(Math.min(Math.max(x, -width), 2 * width));
  const [from, to] = [inView(was), inView(was < left ? left : was > right ? right : was)];
  const start = from + Math.sign(to - from) * 3;
  const line = svg("path", { class: "fate", d: `M${start} ${y}H${to}` });
  return svg("g", { class: `way ${mark.valence}` }, line, svg("circle", { class: "from", cx: from, cy: y, r: 3 }));
}

function signOf(valence: Drawn["mark"]["valence"], x: number, y: number, size: number): string {
  const line = `M${x - size} ${y}h${2 * size}`;
  if (valence === "cooperative") return `${line}M${x} ${y - size}v${2 * size}`;
  if (valence === "neutral") return `M${x} ${y}h0.01`;
  return valence === "conflictual" ? line : "";
}

/** In, solid, out. What is hollow has an upper and a lower edge only, what is approximate a dashed line along both. */
function barOf({ mark, body, left, right, radius }: Drawn, y: number, width: number): Node[] {
  const days = body.to - body.from;
  const at = (day: number): number => Math.round(left + ((day - body.from) / days) * (right - left));
  const [from, solid, until, to] = [at(body.from), at(body.solid), at(body.until), at(body.to)];
  const parts: [number, number, string][] = [
    [from, solid, `url(#seam-${mark.valence}-in)`],
    [Math.max(solid, -width), Math.min(until, 2 * width), "currentColor"],
    [until, to, `url(#seam-${mark.valence}-out)`],
  ];
  const half = Math.round(0.57 * radius);
  const [upper, lower] = [y - half, y + half];
  const edge = 1.5;
  const heights: [number, number][] =
    mark.uncertain || mark.retracted || mark.fate === "left"
      ? [
          [upper, edge],
          [lower - edge, edge],
        ]
      : [[upper, 2 * half]];
  const nodes: Node[] = heights.flatMap(([top, height]) =>
    parts
      .filter(([start, end]) => end > start)
      .map(([start, end, fill]) => svg("rect", { x: start, y: top, width: end - start, height, fill })),
  );
  if (!mark.approximate) return nodes;
  const [x1, x2] = [Math.max(from, -width), Math.min(to, 2 * width)];
  const dashed = [upper - 2.5, lower + 2.5].map((line) => svg("line", { class: "edge", x1, x2, y1: line, y2: line }));
  return [...nodes, ...dashed];
}
