// The graphic: what is chosen and pointed at in it, by hand, by keys and by the list, and what it tells the page.

import { bodyOf } from "./bounds.ts";
import { drawCursor, isSame, type Target } from "./cursor.ts";
import type { Mark, Span } from "./data.ts";
import { isoOf, today } from "./days.ts";
import { binAt, holds } from "./draw_bins.ts";
import { markAt } from "./draw_marks.ts";
import { type Frame, makeFrame } from "./frame.ts";
import { listenToKeys, type Move, nextBin, nextMark } from "./keys.ts";
import { chooseInList, followList, pointInList } from "./list.ts";
import { Loading } from "./loading.ts";
import { legend, ofBin, ofMark } from "./note.ts";
import { Picture } from "./picture.ts";
import { set } from "./svg.ts";
import { legendOf, sentenceOf } from "./telling.ts";
import { View } from "./view.ts";
import { binWords, changedWords, markWords, type Names, whenWords } from "./words.ts";

const SETTLE_MILLISECONDS = 140;
/** What is shown around an event that is looked for, in days. */
const AROUND = 45;
/** What is longer need not begin in view. */
const LONG_DAYS = 400;

export class Graphic {
  readonly #section: HTMLElement;
  readonly #names: Names;
  readonly #frame: Frame;
  readonly #view: View;
  readonly #picture: Picture;
  readonly #loading: Loading;
  #extent: Span = { first: 0, last: 0 };
  #chosen: Target = null;
  #pointed: Target = null;
  #frameAsked = 0;
  #settling = 0;
  #moving = false;
  /** An event that is looked for, until its mark has come. */
  #wanted: { id: string; scroll: boolean } | null = null;

  constructor(section: HTMLElement) {
    const { first = "", second = "" } = section.dataset;
    this.#section = section;
    this.#names = { first, second };
    this.#frame = makeFrame(section, this.#names);
    this.#picture = new Picture(this.#frame, this.#names);
    this.#view = new View(this.#frame.drawing, (moving) => this.#moved(moving));
    this.#loading = new Loading(section, this.#frame);
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(this.#frame.drawing);
  }

  /** Draw what there is, from the beginning to the end; or the days that are seen by then, if they are to be kept. */
  async begin(keep = false): Promise<void> {
    const answer = await this.#loading.begin(this.#width);
    if (!answer?.extent) return;
    const kept = keep && !this.#view.whole ? this.#seen : null;
    const { first, last, open } = answer.extent;
    this.#extent = { first, last: open ? Math.max(last, today()) : last };
    this.#view.setWidth(this.#width);
    this.#view.setExtent(this.#extent);
    if (kept) this.#view.jump(kept.first, kept.last);
    this.#drawNow();
    this.#settled();
  }

  /** Ask anew: with other filters, or for what has come since. */
  reload(query: string | undefined): void {
    const same = query === undefined || query === this.#section.dataset.query;
    if (query !== undefined) this.#section.dataset.query = query;
    void this.begin(same && Boolean(this.#loading.all?.extent));
  }

  /** Choose an event; if it is not there yet, once what there is around its day has come. */
  choose(id: string | null, options: { scroll: boolean; day?: number | null }): void {
    const mark = this.#picture.seen.marks.find((each) => each.id === id);
    const day = mark ? bodyOf(mark, this.#extent, today()).from : options.day;
    if (id !== null && (!mark || this.#picture.seen.bins.length)) {
      if (day === undefined || day === null) return;
      this.#wanted = { id, scroll: options.scroll };
      this.#view.show(day - AROUND, day + AROUND);
      return;
    }
    this.#chosen = id === null ? null : { id };
    chooseInList(id, options.scroll ? this.#frame.drawing : null);
    if (mark) this.#bringIntoView(mark);
    if (mark) this.#frame.told.textContent = `${whenWords(mark)}: ${mark.title}. ${markWords(mark, this.#names)}.`;
    this.#tell("select", { id });
    this.#draw();
  }

  get #width(): number {
    return Math.max(100, Math.round(this.#frame.drawing.getBoundingClientRect().width));
  }

  get #seen(): Span {
    return { first: this.#view.first, last: this.#view.last };
  }

  #listen(): void {
    const { drawing, buttons } = this.#frame;
    const zoom = (factor: number): void => this.#view.zoomBy(factor, this.#place ?? this.#view.width / 2);
    listenToKeys(drawing, {
      move: (move) => this.#go(move),
      zoom,
      showAll: () => this.#view.showAll(),
      enter: () => this.#enter(this.#chosen),
      leave: () => (this.#chosen ? this.choose(null, { scroll: false }) : this.#frame.note.focus()),
    });
    buttons.in.addEventListener("click", () => zoom(2));
    buttons.out.addEventListener("click", () => zoom(0.5));
    buttons.all.addEventListener("click", () => this.#view.showAll());
    buttons.retry.addEventListener("click", () => {
      drawing.focus(); // the button goes
      this.reload(undefined);
    });
    drawing.addEventListener("pointermove", (event) => this.#point(this.#under(event)));
    drawing.addEventListener("pointerleave", () => this.#point(null));
    drawing.addEventListener("click", (event) => this.#click(this.#under(event)));
    followList({
      chosen: (id, day) => this.choose(id, { scroll: false, day }),
      pointed: (id) => this.#point(id === null ? null : { id }, true),
    });
  }

  #moved(moving: boolean): void {
    this.#moving = moving;
    this.#draw();
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => this.#settled(), SETTLE_MILLISECONDS);
  }

  /** No hand moves it any more: tell what is seen, and ask for more of it. */
  #settled(): void {
    void this.#loading.follow(this.#seen, this.#view.width).then((more) => more && this.#moved(false));
    const { whole } = this.#view;
    const days = { first: Math.floor(this.#view.first), last: Math.floor(this.#view.last) };
    const { changed, more, extent } = this.#loading.all ?? { changed: null, more: false, extent: null };
    const all = whole && extent ? extent.count : null;
    this.#frame.sentence.textContent = changed
      ? changedWords(changed, more, this.#section.dataset.since ?? "")
      : sentenceOf(this.#picture.seen, whole ? this.#extent : days, all, this.#names);
    this.#tell("view", whole ? null : { start: isoOf(days.first), end: isoOf(days.last) });
  }

  #resize(): void {
    if (!this.#loading.all?.extent || this.#width === this.#view.width) return;
    this.#view.setWidth(this.#width);
    this.#draw();
  }

  #draw(): void {
    this.#frameAsked ||= requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow(): void {
    this.#frameAsked = 0;
    const answer = this.#loading.of(this.#seen);
    if (!answer) return;
    const { drawing, buttons, cursor } = this.#frame;
    this.#picture.draw(answer, this.#extent, this.#view, this.#moving);
    const { marks, shown, bins } = this.#picture.seen;
    this.#chosen = this.#standing(this.#chosen);
    this.#pointed = this.#standing(this.#pointed);
    const wanted = this.#wanted;
    if (wanted && !bins.length && marks.some(({ id }) => id === wanted.id)) {
      this.#wanted = null;
      this.choose(wanted.id, { scroll: wanted.scroll });
    }
    set(drawing, { "data-drawn": bins.length ? "bins" : "marks" });
    const { closest, whole } = this.#view; // a button that was disabled would lose the focus that it has
    set(buttons.in, { "aria-disabled": closest ? "true" : null });
    for (const button of [buttons.out, buttons.all]) set(button, { "aria-disabled": whole ? "true" : null });
    const pointed = isSame(this.#pointed, this.#chosen) ? null : this.#pointed;
    drawCursor(cursor, this.#moving ? {} : { chosen: this.#chosen, pointed }, shown, this.#view.scale);
    this.#note();
  }

  /** An event; of a bin that one which has its place now, for bins come and go with their step. */
  #standing(target: Target): Target {
    if (!target || "id" in target) return target;
    const bin = binAt(this.#picture.seen.bins, (target.bin.start + target.bin.end + 1) / 2);
    return bin && holds(bin) ? { bin } : null;
  }

  #note(): void {
    const target = this.#pointed ?? this.#chosen;
    const mark = target && "id" in target ? this.#picture.seen.marks.find(({ id }) => id === target.id) : null;
    const bin = target && "bin" in target ? target.bin : null;
    const said = mark
      ? ofMark(mark, this.#names)
      : bin
        ? ofBin(bin, this.#names, this.#picture.seen.changed !== null)
        : legend(legendOf(this.#picture.seen, this.#loading.all?.more ?? false));
    const same = (node: Node, index: number): boolean => node.isEqualNode(this.#frame.note.childNodes[index] ?? null);
    if (said.length !== this.#frame.note.childNodes.length || !said.every(same))
      this.#frame.note.replaceChildren(...said);
  }

  /** What lies under a pointer. */
  #under({ clientX, clientY }: MouseEvent): Target {
    const box = this.#frame.drawing.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    const { shown, bins } = this.#picture.seen;
    if (bins.length) {
      const bin = binAt(bins, this.#view.dayAt(x));
      return bin && holds(bin) ? { bin } : null;
    }
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
    if (target && "bin" in target) this.#enter(target);
    else this.choose(target?.id ?? null, { scroll: true });
  }

  #enter(target: Target): void {
    if (!target) return;
    if ("id" in target) {
      location.assign(`/events/${target.id}`);
      return;
    }
    const { start, end } = target.bin;
    const around = (end - start + 1) / 4;
    this.#chosen = this.#pointed = null;
    this.#view.show(start - around, end + 1 + around);
  }

  #go(move: Move): void {
    const { walked, bins } = this.#picture.seen;
    const { first, last } = this.#seen;
    if (!bins.length) {
      const isSeen = ({ earliest, latest }: Mark): boolean => (earliest ?? first) <= last && (latest ?? last) >= first;
      const mark = nextMark(walked, this.#chosen, move, isSeen);
      if (mark) this.choose(mark.id, { scroll: true });
      else this.#further(move);
      return;
    }
    if (move === "first" || move === "last") this.#edge(move);
    const bin = nextBin(bins.filter(holds), this.#chosen, move);
    if (!bin) return this.#further(move);
    this.#chosen = { bin };
    this.#view.reveal(bin.start);
    this.#frame.told.textContent = binWords(bin, this.#names);
    this.#draw();
  }

  /** Where more lies beyond what is loaded, go there. */
  #further(move: Move): void {
    if (this.#loading.all?.marks && !this.#picture.seen.bins.length) return;
    const { first, last } = this.#seen;
    const by = 0.8 * (last - first);
    if (move === "next") this.#view.show(first + by, last + by);
    if (move === "previous") this.#view.show(first - by, last - by);
  }

  #edge(move: "first" | "last"): void {
    const days = this.#view.last - this.#view.first;
    const { first, last } = this.#extent;
    if (move === "first") this.#view.show(first - days / 10, first + 0.9 * days);
    else this.#view.show(last - 0.9 * days, last + days / 10);
  }

  #bringIntoView(mark: Mark): void {
    const { from, to } = bodyOf(mark, this.#extent, today());
    const away = to < this.#view.first || from > this.#view.last;
    if (away || to - from < LONG_DAYS) this.#view.reveal(from);
  }

  /** Where what is chosen stands, in pixels: there keys and buttons zoom. */
  get #place(): number | null {
    const target = this.#chosen;
    if (!target) return null;
    const found = "id" in target ? this.#picture.seen.shown.find(({ mark }) => mark.id === target.id) : null;
    const x = "bin" in target ? this.#view.scale((target.bin.start + target.bin.end + 1) / 2) : found?.anchor;
    return x === undefined || x < 0 || x > this.#view.width ? null : x;
  }

  #tell(name: "select" | "hover" | "view", detail: object | null): void {
    this.#section.dispatchEvent(new CustomEvent(`seam:${name}`, { detail, bubbles: true }));
  }
}
