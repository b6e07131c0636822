// The drawing as it is: marks where they go in, bins where they do not.

import { binsOf, type Step, stepFor, within } from "./bins.ts";
import type { Answer, Bin, Mark, Span } from "./data.ts";
import { drawAxis } from "./draw_axis.ts";
import { drawBins } from "./draw_bins.ts";
import { arrange, drawMarks, type Shown } from "./draw_marks.ts";
import type { Frame } from "./frame.ts";
import { set } from "./svg.ts";
import type { View } from "./view.ts";
import type { Names } from "./words.ts";

/** What is seen, marks or bins: of what has changed, where that was asked for, before bins of all that there is. */
export interface Seen {
  marks: readonly Mark[];
  /** The marks among which keys go: what has changed, where that was asked for. */
  walked: readonly Mark[];
  changed: readonly Mark[] | null;
  shown: readonly Shown[];
  /** How many marks are seen that there was no room for. */
  missing: number;
  bins: readonly Bin[];
}

export class Picture {
  seen: Seen = { marks: [], walked: [], changed: null, shown: [], missing: 0, bins: [] };
  #band = 0;
  #bins = { marks: null as readonly Mark[] | null, step: null as Step | null, bins: [] as readonly Bin[] };
  /** The zoom and the place at which marks were arranged last: while a hand drags them they only move. */
  #arranged = { k: 0, x: 0, marks: null as readonly Mark[] | null };
  readonly #frame: Frame;
  readonly #names: Names;
  readonly #measure: (text: string) => number;

  constructor(frame: Frame, names: Names) {
    this.#frame = frame;
    this.#names = names;
    this.#measure = measuring(frame.drawing);
  }

  draw(answer: Answer, extent: Span, view: View, moving: boolean): void {
    const { width } = view;
    const { changed } = answer;
    if (answer.marks && this.#drawMarks(answer.marks, changed, extent, view, moving))
      this.#frame.bins.replaceChildren();
    else {
      const bins = answer.marks ? this.#binned(answer.marks, view) : answer.bins;
      this.#drawBins(answer, bins, extent, view, moving);
    }
    drawAxis(this.#frame.grid, view.scale, view.first, view.last, width, this.#names, this.#band);
  }

  #drawBins({ marks, changed }: Answer, all: readonly Bin[], extent: Span, view: View, moving: boolean): void {
    const span = { first: Math.floor(view.first), last: Math.ceil(view.last) };
    const bins = within(all, span);
    if (changed && this.#drawMarks(changed, changed, extent, view, moving)) {
      drawBins(this.#frame.bins, bins, view.scale, view.width, []);
      return;
    }
    this.#frame.marks.replaceChildren();
    this.#frame.labels.replaceChildren();
    this.#arranged.marks = null;
    const step = stepFor(view.last - view.first, view.width);
    const parts = changed && within(binsOf(changed, step), span);
    this.#band = drawBins(this.#frame.bins, bins, view.scale, view.width, parts).band;
    const seen = { marks: marks ?? changed ?? [], walked: [], changed, shown: [], missing: 0 };
    this.seen = { ...seen, bins: parts ?? bins };
  }

  #binned(marks: readonly Mark[], view: View): readonly Bin[] {
    const step = stepFor(view.last - view.first, view.width);
    if (this.#bins.marks !== marks || this.#bins.step !== step)
      this.#bins = { marks, step, bins: binsOf(marks.filter(isThere), step) };
    return this.#bins.bins;
  }

  #drawMarks(
    marks: readonly Mark[],
    changed: readonly Mark[] | null,
    extent: Span,
    view: View,
    moving: boolean,
  ): boolean {
    const { k, x } = view.transform;
    const shift = x - this.#arranged.x;
    const same = this.#arranged.marks === marks && this.#arranged.k === k;
    if (!(moving && same && Math.abs(shift) < view.width)) {
      const arranged = arrange(marks, view.scale, extent, view.width, this.#measure);
      if (!arranged) return false;
      const { shown, missing, band } = drawMarks(this.#frame, arranged, view.width, this.#measure, moving);
      this.#band = band;
      this.#arranged = { k, x, marks };
      this.seen = { marks, walked: changed ?? marks, changed, shown, missing, bins: [] };
    }
    const moved = x - this.#arranged.x;
    for (const layer of [this.#frame.marks, this.#frame.labels])
      set(layer, { transform: moved ? `translate(${moved},0)` : null });
    return true;
  }
}

const isThere = ({ fate }: Mark): boolean => fate !== "left";

/** How wide a text is as a label; each is measured once. */
function measuring(drawing: SVGSVGElement): (text: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  const widths = new Map<string, number>();
  return (text) => {
    let width = widths.get(text);
    if (width === undefined) {
      if (context && !context.font.startsWith("12px")) context.font = `12px ${getComputedStyle(drawing).fontFamily}`;
      width = context?.measureText(text).width ?? 6 * text.length;
      widths.set(text, width);
    }
    return width;
  };
}
