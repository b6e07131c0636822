// The line under the drawing: what signs mean, or what is pointed at.

import { type Bin, type Mark, VALENCES } from "./data.ts";
import { html } from "./svg.ts";
import { binWords, markWords, type Names, SIGNS, whenWords } from "./words.ts";

export interface Drawn {
  marks: readonly Mark[];
  /** So many of each valence. */
  valences: readonly number[];
  /** What a bar stands for, where there are bars. */
  step: string | null;
  /** How many there was no room for. */
  missing: number;
}

/** What the signs mean that are there. */
export function legend({ marks, valences, step, missing }: Drawn): Node[] {
  const parts: Node[] = VALENCES.flatMap((valence, which) => {
    if (!valences[which]) return [];
    const sign = html("b", { class: valence }, SIGNS[which] || "○");
    return html("span", {}, sign, valence === "none" ? " without a valence" : ` ${valence}`);
  });
  if (step) parts.push(html("span", {}, `a bar is ${step}`));
  else {
    if (marks.some(({ approximate }) => approximate)) parts.push(html("span", {}, "dashed: about then"));
    if (marks.some(({ uncertain }) => uncertain)) parts.push(html("span", {}, "hollow: uncertain"));
    if (marks.some(({ retracted }) => retracted)) parts.push(html("span", {}, "struck: retracted"));
  }
  if (missing)
    parts.push(html("span", {}, html("b", {}, `${missing} more`), " began before, for which there is no room"));
  parts.push(html("span", { class: "seam-hint" }, "drag to move · Ctrl and scroll to zoom · ← → from event to event"));
  return parts;
}

export function ofMark(mark: Mark, names: Names): Node[] {
  return [
    html("span", {}, html("b", {}, whenWords(mark))),
    html("a", { href: `/events/${mark.id}`, class: "seam-title" }, mark.title),
    html("span", {}, markWords(mark, names)),
  ];
}

export function ofBin(bin: Bin, names: Names): Node[] {
  const [when = "", said = ""] = binWords(bin, names).split(/: (.*)/s);
  return [html("span", {}, html("b", {}, when)), html("span", {}, said), html("span", {}, "click or Enter zooms in")];
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
