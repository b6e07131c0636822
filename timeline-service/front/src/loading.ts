// What comes from the service, and what is said while it does not.

import type { Answer, Span } from "./data.ts";
import type { Frame } from "./frame.ts";
import { Source } from "./source.ts";
import { set } from "./svg.ts";

/** `late` leaves what is drawn as it is. */
type State = "busy" | "empty" | "failed" | "late" | null;

export class Loading {
  #source: Source;
  readonly #section: HTMLElement;
  readonly #frame: Frame;

  constructor(section: HTMLElement, frame: Frame) {
    this.#section = section;
    this.#frame = frame;
    this.#source = this.#fresh();
  }

  get all(): Answer | null {
    return this.#source.all;
  }

  of(seen: Span): Answer | null {
    return this.#source.of(seen);
  }

  /** Ask for all that there is, by the section's filters; null where that is nothing, or does not come. */
  async begin(width: number): Promise<Answer | null> {
    const before = this.#source;
    const fresh = this.#fresh();
    if (!before.all?.extent) this.#say("Loading …", "busy");
    try {
      const answer = await fresh.begin(width);
      this.#source = fresh;
      if (answer.extent) this.#say("", null);
      else this.#say("No event to be drawn.", "empty");
      return answer.extent ? answer : null;
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  /** Ask for the days that are seen, if there is not enough of them; whether something has come. */
  async follow(seen: Span, width: number): Promise<boolean> {
    if (!this.#source.lacks(seen)) return false;
    set(this.#section, { "aria-busy": "true" });
    try {
      await this.#source.ask(seen, width);
      this.#say("", null);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fresh(): Source {
    const { pair = "", query = "" } = this.#section.dataset;
    return new Source(pair, query);
  }

  #fail(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    const reason = error instanceof TypeError ? "the service does not answer" : (error as Error).message;
    if (this.all?.extent) this.#say(`No more detail than this: ${reason}.`, "late");
    else this.#say(`The graphic cannot be drawn: ${reason}. The list below tells the same.`, "failed");
  }

  #say(words: string, state: State): void {
    this.#frame.state.textContent = words;
    this.#frame.buttons.retry.hidden = state !== "failed" && state !== "late";
    set(this.#section, { "data-state": state, "aria-busy": state === "busy" ? "true" : null });
  }
}
