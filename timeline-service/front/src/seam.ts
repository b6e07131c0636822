// The seam: a pair's events on a line of time between its two countries, in `<section id="seam">`.
//
// It tells the page what happens in it (`seam:select`, `seam:hover`, `seam:view`), and is told by it: `seam:show` with an
// event's id, and `seam:reload` with other filters or for what is new.

import { totals, within } from "./bins.ts";
import { bodyOf } from "./bounds.ts";
import { drawCursor, isSame, type Target } from "./cursor.ts";
import { type Mark, SIDES, type Span, sum, total, VALENCES } from "./data.ts";
import { isoOf, today } from "./days.ts";
import { binAt, holds } from "./draw_bins.ts";
import { markAt } from "./draw_marks.ts";
import { type Frame, makeFrame } from "./frame.ts";
import { listenToKeys, type Move, nextBin, nextMark } from "./keys.ts";
import { chooseInList, followList, pointInList } from "./list.ts";
import { legend, ofBin, ofMark, stepWords } from "./note.ts";
import { Picture } from "./picture.ts";
import { Source } from "./source.ts";
import { set } from "./svg.ts";
import { View } from "./view.ts";
import { binWords, markWords, type Names, sentence, whenWords } from "./words.ts";

const SETTLE_MILLISECONDS = 140;

class Seam {
  readonly #section: HTMLElement;
  readonly #names: Names;
  readonly #frame: Frame;
  readonly #view: View;
  readonly #picture: Picture;
  #source: Source;
  #extent: Span = { first: 0, last: 0 };
  #chosen: Target = null;
  #pointed: Target = null;
  #frameAsked = 0;
  #settling = 0;
  #moving = false;
  #wanted: { id: string; scroll: boolean } | null = null;

  constructor(section: HTMLElement) {
    const { pair = "", first = "", second = "", query = "" } = section.dataset;
    this.#section = section;
    this.#names = { first, second };
    this.#frame = makeFrame(section, this.#names);
    this.#picture = new Picture(this.#frame, this.#names);
    this.#view = new View(this.#frame.drawing, (moving) => this.#moved(moving));
    this.#source = new Source(pair, query);
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(this.#frame.drawing);
  }

  async begin(): Promise<void> {
    this.#say("Loading …", "busy");
    try {
      const { extent } = await this.#source.begin(this.#width);
      if (!extent) return this.#say("No event to be drawn.", "empty");
      this.#extent = { first: extent.first, last: extent.open ? Math.max(extent.last, today()) : extent.last };
      this.#view.setWidth(this.#width);
      this.#view.setExtent(this.#extent);
      this.#say("", null);
      this.#drawNow();
      this.#settled();
    } catch (error) {
      this.#fail(error);
    }
  }

  reload(query: string | undefined): void {
    const { pair = "" } = this.#section.dataset;
    if (query !== undefined) this.#section.dataset.query = query;
    this.#source = new Source(pair, this.#section.dataset.query ?? "");
    void this.begin();
  }

  /** Choose an event; if it is not there yet, once what there is around its day has come. */
  choose(id: string | null, options: { scroll: boolean; day?: number | null }): void {
    const mark = this.#marks.find((each) => each.id === id);
    if (id !== null && !mark) {
      if (options.day === undefined || options.day === null) return;
      this.#wanted = { id, scroll: options.scroll };
      return this.#view.show(options.day - 45, options.day + 45);
    }
    this.#chosen = id === null ? null : { id };
    chooseInList(id, options.scroll);
    if (mark) {
      const body = bodyOf(mark, this.#extent, today());
      if (body.to < this.#view.first || body.from > this.#view.last || body.to - body.from < 400)
        this.#view.reveal(body.from);
      this.#frame.told.textContent = `${whenWords(mark)}: ${mark.title}. ${markWords(mark, this.#names)}.`;
    }
    this.#tell("select", { id });
    this.#draw();
  }

  get #marks(): readonly Mark[] {
    return this.#picture.seen.marks;
  }

  get #width(): number {
    return Math.max(100, Math.round(this.#frame.drawing.getBoundingClientRect().width));
  }

  #listen(): void {
    const { drawing, buttons } = this.#frame;
    const deeds = {
      move: (move: Move) => this.#go(move),
      zoom: (factor: number) => this.#view.zoomBy(factor, this.#place ?? this.#view.width / 2),
      showAll: () => this.#view.showAll(),
      enter: () => this.#enter(this.#chosen),
      leave: () => (this.#chosen ? this.#unchoose() : drawing.blur()),
    };
    listenToKeys(drawing, deeds);
    buttons.in.addEventListener("click", () => deeds.zoom(2));
    buttons.out.addEventListener("click", () => deeds.zoom(0.5));
    buttons.all.addEventListener("click", deeds.showAll);
    buttons.retry.addEventListener("click", () => void this.begin());
    drawing.addEventListener("pointermove", (event) => this.#point(this.#under(event)));
    drawing.addEventListener("pointerleave", () => this.#point(null));
    drawing.addEventListener("click", (event) => this.#click(this.#under(event)));
    followList({
      chosen: (id, day) => this.choose(id, { scroll: false, day }),
      pointed: (id) => this.#point(id === null ? null : { id }, true),
    });
    this.#section.addEventListener("seam:show", ({ detail }) => this.choose(detail.id, { scroll: true }));
    this.#section.addEventListener("seam:reload", ({ detail }) => this.reload(detail?.query));
  }

  #moved(moving: boolean): void {
    this.#moving = moving;
    this.#draw();
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => this.#settled(), SETTLE_MILLISECONDS);
  }

  #settled(): void {
    const { first, last } = this.#view;
    if (this.#source.lacks({ first, last })) void this.#fetch();
    const { seen } = this.#picture;
    const span = { first: Math.floor(first), last: Math.floor(last) };
    const begin = seen.marks.filter(
      ({ earliest }) => earliest !== null && earliest >= span.first && earliest <= span.last,
    );
    const counts = totals(seen.bins.length ? within(seen.bins, span) : begin.map(alone));
    const reaching = this.#view.whole ? (this.#source.all?.extent?.count ?? 0) - total(counts) : 0;
    const shown = this.#view.whole ? this.#extent : span;
    this.#frame.sentence.textContent = sentence(counts, Math.max(0, reaching), shown.first, shown.last, this.#names);
    this.#tell("view", { start: isoOf(span.first), end: isoOf(span.last) });
  }

  async #fetch(): Promise<void> {
    const { first, last } = this.#view;
    set(this.#section, { "aria-busy": "true" });
    try {
      await this.#source.ask({ first, last }, this.#view.width);
      set(this.#section, { "aria-busy": null });
      this.#say("", null);
      this.#draw();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    const reason = error instanceof TypeError ? "the service does not answer" : (error as Error).message;
    this.#say(`The graphic cannot be drawn: ${reason}. The list below tells the same.`, "failed");
  }

  #say(words: string, state: "busy" | "empty" | "failed" | null): void {
    this.#frame.state.textContent = words;
    this.#frame.buttons.retry.hidden = state !== "failed";
    set(this.#section, { "data-state": state, "aria-busy": state === "busy" ? "true" : null });
  }

  #resize(): void {
    if (!this.#source.all?.extent || this.#width === this.#view.width) return;
    this.#view.setWidth(this.#width);
    this.#draw();
  }

  #draw(): void {
    this.#frameAsked ||= requestAnimationFrame(() => {
      this.#frameAsked = 0;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const answer = this.#source.of({ first: this.#view.first, last: this.#view.last });
    if (!answer) return;
    const { drawing, buttons, cursor } = this.#frame;
    this.#picture.draw(answer, this.#extent, this.#view, this.#moving);
    const { shown, bins } = this.#picture.seen;
    if (!this.#stands(this.#chosen)) this.#chosen = null;
    if (!this.#stands(this.#pointed)) this.#pointed = null;
    if (this.#wanted && this.#marks.some(({ id }) => id === this.#wanted?.id)) {
      const { id, scroll } = this.#wanted;
      this.#wanted = null;
      this.choose(id, { scroll });
    }
    set(drawing, { "data-drawn": bins.length ? "bins" : "marks" });
    buttons.in.disabled = this.#view.closest;
    buttons.out.disabled = buttons.all.disabled = this.#view.whole;
    const pointed = isSame(this.#pointed, this.#chosen) ? null : this.#pointed;
    if (this.#moving) cursor.replaceChildren();
    else
      drawCursor(
        cursor,
        [
          ["chosen", this.#chosen],
          ["pointed", pointed],
        ],
        shown,
        this.#view.scale,
      );
    this.#note();
  }

  /** Whether it can still be told of: bins come and go with their step. */
  #stands(target: Target): boolean {
    return !target || "id" in target || this.#picture.seen.bins.some((bin) => isSame({ bin }, target));
  }

  #note(): void {
    const target = this.#pointed ?? this.#chosen;
    const { shown, missing, bins } = this.#picture.seen;
    const marks = shown.map(({ mark }) => mark);
    const counts = totals(bins.length ? bins : marks.map(alone));
    const valences = VALENCES.map((_, which) => sum(SIDES.map((side) => counts[side][which] ?? 0)));
    const drawn = { marks, valences, step: stepWords(bins), missing };
    const mark = target && "id" in target ? this.#marks.find(({ id }) => id === target.id) : null;
    const key = JSON.stringify([
      target,
      mark?.id,
      drawn.step,
      target ? null : [marks.map(({ id }) => id), valences.map(Boolean)],
    ]);
    if (this.#frame.note.dataset.key === key) return;
    this.#frame.note.dataset.key = key;
    const bin = target && "bin" in target ? target.bin : null;
    const said = mark ? ofMark(mark, this.#names) : bin ? ofBin(bin, this.#names) : legend(drawn);
    this.#frame.note.replaceChildren(...said);
  }

  /** What lies under a pointer. */
  #under({ clientX, clientY }: MouseEvent): Target {
    const box = this.#frame.drawing.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    const { shown, bins } = this.#picture.seen;
    const bin = binAt(bins, this.#view.dayAt(x));
    if (bins.length) return bin && holds(bin) ? { bin } : null;
    const found = markAt(shown, x, y);
    return found && { id: found.mark.id };
  }

  #point(target: Target, fromList = false): void {
    if (isSame(target, this.#pointed)) return;
    this.#pointed = target;
    set(this.#frame.drawing, { "data-over": target && !fromList ? "yes" : null });
    const id = target && "id" in target ? target.id : null;
    if (!fromList) pointInList(id);
    this.#tell("hover", { id });
    this.#draw();
  }

  #click(target: Target): void {
    if (!target) return this.#unchoose();
    if ("bin" in target) this.#enter(target);
    else this.choose(target.id, { scroll: true });
  }

  #unchoose(): void {
    this.#chosen = null;
    chooseInList(null, false);
    this.#tell("select", { id: null });
    this.#draw();
  }

  #enter(target: Target): void {
    if (!target) return;
    if ("id" in target) return location.assign(`/events/${target.id}`);
    const { start, end } = target.bin;
    const around = (end - start + 1) / 4;
    this.#chosen = this.#pointed = null;
    this.#view.show(start - around, end + 1 + around);
  }

  #go(move: Move): void {
    const { marks, bins } = this.#picture.seen;
    if (bins.length) {
      if (move === "first" || move === "last") this.#edge(move);
      const bin = nextBin(bins.filter(holds), this.#chosen, move);
      if (!bin) return this.#further(move);
      this.#chosen = { bin };
      this.#view.reveal(bin.start);
      this.#frame.told.textContent = binWords(bin, this.#names);
      return this.#draw();
    }
    const { first, last } = this.#view;
    const mark = nextMark(
      marks,
      this.#chosen,
      move,
      ({ earliest, latest }) => (earliest ?? first) <= last && (latest ?? last) >= first,
    );
    if (mark) this.choose(mark.id, { scroll: true });
    else this.#further(move);
  }

  /** Where more lies beyond what is loaded, go there. */
  #further(move: Move): void {
    const { first, last } = this.#view;
    const by = 0.8 * (last - first) * (move === "next" ? 1 : -1);
    if (!this.#source.all?.marks && (move === "next" || move === "previous")) this.#view.show(first + by, last + by);
  }

  #edge(move: "first" | "last"): void {
    const days = this.#view.last - this.#view.first;
    const { first, last } = this.#extent;
    if (move === "first") this.#view.show(first - days / 10, first + 0.9 * days);
    else this.#view.show(last - 0.9 * days, last + days / 10);
  }

  /** Where what is chosen stands, in pixels: there keys and buttons zoom. */
  get #place(): number | null {
    const target = this.#chosen;
    if (!target) return null;
    const found = "id" in target ? this.#picture.seen.shown.find(({ mark }) => mark.id === target.id) : null;
    const x = "bin" in target ? this.#view.scale((target.bin.start + target.bin.end + 1) / 2) : found?.anchor;
    return x === undefined || x < 0 || x > this.#view.width ? null : x;
  }

  #tell(name: "select" | "hover" | "view", detail: object): void {
    this.#section.dispatchEvent(new CustomEvent(`seam:${name}`, { detail, bubbles: true }));
  }
}

/** The counts of one mark. */
function alone(mark: Mark) {
  const counts = { first: [0, 0, 0, 0], both: [0, 0, 0, 0], second: [0, 0, 0, 0] };
  counts[mark.side][{ cooperative: 0, neutral: 1, conflictual: 2, none: 3 }[mark.valence]] = 1;
  return counts;
}

declare global {
  interface HTMLElementEventMap {
    "seam:show": CustomEvent<{ id: string }>;
    "seam:reload": CustomEvent<{ query?: string } | null>;
  }
}

const section = document.getElementById("seam");
if (section?.dataset.pair) void new Seam(section).begin();
