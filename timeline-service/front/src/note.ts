// The line under the drawing: what signs mean, or what is pointed at.

import { type Bin, type Fate, type Mark, VALENCES } from "./data.ts";
import { html, svg } from "./svg.ts";
import { binWords, FATE_WORDS, fatesOf, grouped, markWords, type Names, SIGNS, whenWords } from "./words.ts";

export interface Drawn {
  marks: readonly Mark[];
  /** So many of each valence. */
  valences: readonly number[];
  /** What a bar stands for, where there are bars. */
  step: string | null;
  /** How many there was no room for. */
  missing: number;
  /** What has changed, where that is what is drawn. */
  changed: readonly Mark[] | null;
  /** Whether more has changed than is drawn. */
  more: boolean;
}

/** What is drawn for each beside a disc, how wide that is, and where the disc stands. */
const GLYPHS: Record<Fate, { path: string; width: number; disc: number | null }> = {
  appeared: { path: "M1 8a5 5 0 1 0 10 0a5 5 0 1 0 -10 0", width: 14, disc: 6 },
  left: { path: "M2 8a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", width: 13, disc: null },
  moved: { path: "M1 8a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M5 8H16", width: 22, disc: 16 },
  changed: { path: "M1 14H11", width: 14, disc: 6 },
};

/** What the signs mean that are there. */
export function legend({ marks, valences, step, missing, changed, more }: Drawn): Node[] {
  const fates: Node[] = fatesOf(changed ?? []).map(({ fate, count }) =>
    html("span", { class: "seam-fate" }, glyph(fate), html("b", {}, grouped(count)), ` ${FATE_WORDS[fate]}`),
  );
  if (more)
    fates.push(html("span", {}, `drawn are the last ${grouped(changed?.length ?? 0)} to be revised, the list has all`));
  const parts: Node[] = VALENCES.flatMap((valence, which) => {
    if (!valences[which]) return [];
    const sign = html("b", { class: valence }, SIGNS[which] || "○");
    return html("span", {}, sign, valence === "none" ? " without a valence" : ` ${valence}`);
  });
  if (step && changed)
    parts.push(html("span", {}, `a strong bar is what has changed of ${step}, see which by zooming in`));
  else if (step) parts.push(html("span", {}, `a bar is ${step}`));
  else {
    if (marks.some(({ approximate }) => approximate)) parts.push(html("span", {}, "dashed: about then"));
    if (marks.some(({ uncertain }) => uncertain)) parts.push(html("span", {}, "hollow: uncertain"));
    if (marks.some(({ retracted }) => retracted)) parts.push(html("span", {}, "struck: retracted"));
  }
  if (missing)
    parts.push(html("span", {}, html("b", {}, `${missing} more`), " began before, for which there is no room"));
  parts.push(html("span", { class: "seam-hint" }, "drag to move · Ctrl and scroll to zoom · ← → from event to event"));
  return [...fates, ...parts];
}

/** How a fate is drawn. */
function glyph(fate: Fate): SVGSVGElement {
  const { path, width, disc } = GLYPHS[fate];
  const line = svg("path", { class: `fate ${fate}`, d: path });
  const body = disc === null ? [] : [svg("circle", { class: "disc", cx: disc, cy: 8, r: 3 })];
  return svg("svg", { class: "seam-glyph", width, height: 16, "aria-hidden": "true" }, line, ...body);
}

export function ofMark(mark: Mark, names: Names): Node[] {
  const parts = [
    html("span", {}, html("b", {}, whenWords(mark))),
    html("a", { href: `/events/${mark.id}`, class: "seam-title" }, mark.title),
    html("span", {}, markWords(mark, names)),
  ];
  const item = document.getElementById(`e-${mark.id}`);
  if (item) item.tabIndex = -1; // so that who follows the link is there with a keyboard, too
  return item ? [...parts, html("a", { href: `#${item.id}` }, "in the list ↓")] : parts;
}

export function ofBin(bin: Bin, names: Names, changed: boolean): Node[] {
  const [when = "", said = ""] = binWords(bin, names).split(/: (.*)/s);
  const which = html("b", {}, changed ? `${when}, of what has changed` : when);
  return [html("span", {}, which), html("span", {}, said), html("span", {}, "click or Enter zooms in")];
}

/** How long bins are. */
export function stepWords(bins: readonly Bin[]): string | null {
  const [bin] = bins;
  if (!bin) return null;
  const days = bin.end - bin.start + 1;
  if (days === 1) return "a day";
  if (days === 7) return "a week";
  if (days < 32) return "a month";
  if (days < 100) return "a quarter";
  const years = Math.round(days / 365.25);
  return years === 1 ? "a year" : `${years} years`;
}
