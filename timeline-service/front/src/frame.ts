// What stands around the drawing: the caption, the buttons, the line that tells of what is chosen, and the drawing's layers.

import { html, svg } from "./svg.ts";
import type { Names } from "./words.ts";

export const HEIGHT = 340;
export const AXIS = 26;
/** The seam lies in the middle of what is above the axis. */
export const SEAM = (HEIGHT - AXIS) / 2;

export type Action = "in" | "out" | "all" | "retry";

export interface Frame {
  drawing: SVGSVGElement;
  grid: SVGGElement;
  bins: SVGGElement;
  marks: SVGGElement;
  labels: SVGGElement;
  cursor: SVGGElement;
  note: HTMLElement;
  state: HTMLElement;
  told: HTMLElement;
  sentence: HTMLElement;
  buttons: Record<Action, HTMLButtonElement>;
}

const KEYS = "Arrow keys go from event to event, plus and minus zoom, Home and End jump, Enter opens, Escape leaves.";

export function makeFrame(section: HTMLElement, names: Names): Frame {
  const button = (words: string, title: string): HTMLButtonElement =>
    html("button", { type: "button", title, "aria-label": title }, words);
  const buttons = {
    out: button("−", "Zoom out"),
    in: button("+", "Zoom in"),
    all: button("All", "Show all of it"),
    retry: button("Try again", "Try again"),
  };
  const layer = (name: string): SVGGElement => svg("g", { class: name });
  const layers = {
    grid: layer("grid"),
    labels: layer("labels"),
    cursor: layer("cursor"),
    bins: layer("bins"),
    marks: layer("marks"),
  };
  const drawing = svg(
    "svg",
    {
      class: "seam-drawing",
      height: HEIGHT,
      tabindex: 0,
      role: "application",
      "aria-label": `What happened between ${names.first} and ${names.second}, over time`,
      "aria-describedby": "seam-sentence seam-keys",
    },
    gradients(),
    ...Object.values(layers),
  );
  const note = html("p", { class: "seam-note", tabindex: -1 });
  const state = html("p", { class: "seam-state", role: "status" });
  const told = html("p", { class: "seam-unseen", "aria-live": "polite" });
  const sentence = html("p", { class: "seam-unseen", id: "seam-sentence" });
  const { since } = section.dataset;
  const place = `Above the seam ${names.first} acted, below it ${names.second}, on it both.`;
  const more = since
    ? `What has changed since ${since} is strong, all else pale.`
    : "A soft end is a date not known to the day.";
  const caption = html("p", { class: "seam-caption" }, `${place} ${more}`);
  const tools = html(
    "div",
    { class: "seam-tools", role: "group", "aria-label": "Zoom" },
    buttons.out,
    buttons.in,
    buttons.all,
  );
  section.replaceChildren(
    html("div", { class: "seam-head" }, caption, tools),
    html("div", { class: "seam-plot" }, drawing, html("div", { class: "seam-over" }, state, buttons.retry)),
    note,
    sentence,
    html("p", { class: "seam-unseen", id: "seam-keys" }, KEYS),
    told,
  );
  buttons.retry.hidden = true;
  return { drawing, ...layers, note, state, told, sentence, buttons };
}

/** Soft ends, one for each valence and direction: what fades takes its colour from the class. */
function gradients(): SVGDefsElement {
  const made = ["cooperative", "neutral", "conflictual", "none"].flatMap((valence) =>
    (["in", "out"] as const).map((way) =>
      svg(
        "linearGradient",
        { id: `seam-${valence}-${way}`, class: valence },
        svg("stop", { offset: 0, "stop-color": "currentColor", "stop-opacity": way === "in" ? 0.06 : 1 }),
        svg("stop", { offset: 1, "stop-color": "currentColor", "stop-opacity": way === "in" ? 1 : 0.06 }),
      ),
    ),
  );
  return svg("defs", {}, ...made);
}
