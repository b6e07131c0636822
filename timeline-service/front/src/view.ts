// Which days are seen, and how a hand moves them: wheel, pinch, drag, buttons, keys.

import { select } from "d3-selection";
import { type D3ZoomEvent, type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import type { Span } from "./data.ts";
import { HEIGHT } from "./frame.ts";
import { set } from "./svg.ts";

/** The fewest days that are shown. */
const LEAST_DAYS = 21;
const PADDING = 0.025;
const MILLISECONDS = 220;

export class View {
  width = 0;
  #first = 0;
  #days = 1;
  #turn = 0;
  readonly #element: SVGSVGElement;
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;

  /** `moved` is called for each change; `moving` says whether a hand is still at it. */
  constructor(element: SVGSVGElement, moved: (moving: boolean) => void) {
    this.#element = element;
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .filter((event: Event) => this.#takes(event))
      .on("zoom", ({ sourceEvent }: D3ZoomEvent<SVGSVGElement, unknown>) => moved(sourceEvent !== null))
      .on("end", () => moved(false));
    select(element).call(this.#zoom).on("dblclick.zoom", null);
    element.addEventListener("wheel", (event) => this.#sideways(event), { passive: false });
    element.addEventListener("dblclick", (event) => this.zoomBy(3, event.offsetX));
  }

  /** All that there is to see; everything of it is shown. */
  setExtent({ first, last }: Span): void {
    const days = Math.max(last + 1 - first, LEAST_DAYS);
    const padding = Math.max(PADDING * days, (LEAST_DAYS - days) / 2, 2);
    this.#first = first - padding;
    this.#days = days + 2 * padding;
    this.#limit();
    select(this.#element).call(this.#zoom.transform, zoomIdentity);
  }

  /** What is shown stays where the width changes. */
  setWidth(width: number): void {
    const [first, last] = [this.first, this.last];
    const begun = this.width > 0;
    this.width = width;
    set(this.#element, { viewBox: `0 0 ${width} ${HEIGHT}` }); // by which paper of another width shows all of it
    this.#limit();
    if (begun) this.jump(first, last);
  }

  get transform(): ZoomTransform {
    return zoomTransform(this.#element);
  }

  get whole(): boolean {
    return this.transform.k <= 1.001;
  }

  get closest(): boolean {
    return this.transform.k >= 0.999 * this.#closest;
  }

  scale = (day: number): number => this.transform.applyX(((day - this.#first) / this.#days) * this.width);

  dayAt(x: number): number {
    return this.#first + (this.transform.invertX(x) / this.width) * this.#days;
  }

  get first(): number {
    return this.dayAt(0);
  }

  get last(): number {
    return this.dayAt(this.width);
  }

  zoomBy(factor: number, x = this.width / 2): void {
    const day = this.dayAt(x);
    const days = (this.last - this.first) / factor;
    const first = day - (x / this.width) * days;
    this.show(first, first + days);
  }

  showAll(): void {
    this.show(this.#first, this.#first + this.#days);
  }

  /** Bring a day into view, if it is not there. */
  reveal(day: number): void {
    const [x, margin] = [this.scale(day), Math.min(60, this.width / 8)];
    if (x >= margin && x <= this.width - margin) return;
    const half = (this.last - this.first) / 2;
    this.show(day - half, day + half);
  }

  /** Move so that these days are seen: at once where motion is not wanted. */
  show(first: number, last: number): void {
    const [from, to] = [this.first, this.last];
    const turn = ++this.#turn;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden) return this.jump(first, last);
    const begun = performance.now();
    const step = (now: number): void => {
      if (turn !== this.#turn) return;
      const done = Math.min(1, Math.max(0, (now - begun) / MILLISECONDS));
      const eased = 1 - (1 - done) ** 3;
      this.jump(from + eased * (first - from), to + eased * (last - to));
      if (done < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** The same at once. */
  jump(first: number, last: number): void {
    const k = Math.min(Math.max(this.#days / (last - first), 1), this.#closest);
    const middle = (first + last) / 2;
    const x = ((middle - this.#first) / this.#days) * this.width * k - this.width / 2;
    const most = this.width * (k - 1);
    const moved = zoomIdentity.translate(-Math.min(Math.max(x, 0), most), 0).scale(k);
    select(this.#element).call(this.#zoom.transform, moved);
  }

  get #closest(): number {
    return Math.max(1, this.#days / LEAST_DAYS);
  }

  #limit(): void {
    const whole: [[number, number], [number, number]] = [
      [0, 0],
      [this.width, HEIGHT],
    ];
    this.#zoom.extent(whole).translateExtent(whole).scaleExtent([1, this.#closest]);
  }

  /** The page scrolls under a wheel until the graphic is chosen, or a modifier says that it is meant. */
  #takes(event: Event): boolean {
    this.#turn++;
    if (!(event instanceof WheelEvent)) return !(event instanceof MouseEvent) || (!event.ctrlKey && !event.button);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) return false;
    return event.ctrlKey || event.metaKey || document.activeElement === this.#element;
  }

  #sideways(event: WheelEvent): void {
    if (Math.abs(event.deltaX) <= Math.abs(event.deltaY) || event.ctrlKey || this.whole) return;
    event.preventDefault();
    select(this.#element).call(this.#zoom.translateBy, -event.deltaX / this.transform.k, 0);
  }
}
