// What is asked of the service: first all that there is, then, where that is too much to be drawn, the days that are seen.

import { type Answer, joined, type Mark, type RawAnswer, readAnswer, type Span } from "./data.ts";
import { isoOf } from "./days.ts";

const FIRST_DAY = -719_162; // 0001-01-01
const LAST_DAY = 2_932_531; // 9998-12-31
const MOST_KEPT = 24;
/** How much finer than what is there has to be worth asking for. */
const FINER = 1.7;

export class Source {
  #all: Answer | null = null;
  #parts: Answer[] = [];
  #asking: AbortController | null = null;
  #changed: readonly Mark[] | null = null;
  readonly #path: string;
  readonly #query: string;

  constructor(pair: string, query: string) {
    const which = new URLSearchParams(query).has("since") ? "changes/marks" : "marks";
    this.#path = `/timelines/${encodeURIComponent(pair)}/${which}`;
    this.#query = query;
  }

  get all(): Answer | null {
    return this.#all;
  }

  async begin(width: number): Promise<Answer> {
    this.#all = await this.#ask(null, width);
    return this.#all;
  }

  /** The best that is there for some days. */
  of(seen: Span): Answer | null {
    if (!this.#all || this.#all.marks) return this.#all;
    const covering = this.#parts.filter(({ span }) => span && covers(span, seen));
    return covering.reduce<Answer>((best, part) => (length(part) < length(best) ? part : best), this.#all);
  }

  /** Whether it is better to ask for these days. */
  lacks(seen: Span): boolean {
    const best = this.of(seen);
    return best !== null && !best.marks && length(best) > FINER * 2 * (seen.last - seen.first + 1);
  }

  /** Ask for some days, and as many again around them; what was asked for before is given up. */
  async ask({ first, last }: Span, width: number): Promise<void> {
    const around = (last - first) / 2;
    const span = {
      first: Math.max(FIRST_DAY, Math.floor(first - around)),
      last: Math.min(LAST_DAY, Math.ceil(last + around)),
    };
    const part = await this.#ask(span, 2 * width);
    this.#parts = [part, ...this.#parts].slice(0, MOST_KEPT);
  }

  async #ask(span: Span | null, width: number): Promise<Answer> {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const query = new URLSearchParams(this.#query);
    query.set("width", `${Math.round(Math.min(Math.max(width, 100), 10_000))}`);
    if (span) {
      query.set("start", isoOf(span.first));
      query.set("end", isoOf(span.last));
    }
    const answer = await fetch(`${this.#path}?${query}`, { signal: this.#asking.signal });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.detail ?? answer.statusText);
    const read = readAnswer(body as RawAnswer);
    if (!span) this.#changed = read.changed;
    return joined(read, this.#changed);
  }
}

/** Days that are told of; what tells of all is as good as what was asked for when all is seen. */
function length({ span, extent }: Answer): number {
  if (span) return span.last - span.first + 1;
  return extent ? 2 * (extent.last - extent.first + 1) : 0;
}

const covers = (span: Span, { first, last }: Span): boolean => span.first <= first && span.last >= last;
