// The list of the page, as the service writes it: of all that the page selects, or of the days that the graphic shows.
//
// It is asked for again, so that it has one author. Somebody who is reading within it is not disturbed.

import { dayOf, spanWords } from "./days.ts";
import { html } from "./svg.ts";

/** Days such as 2020-06-29. */
export interface Days {
  start: string;
  end: string;
}

const LIST = "#list";
const SENTENCE = ".sentence";
const DAY = /^\d{4}(-\d{2}){0,2}$/;

export class Listing {
  /** The event that is chosen in the graphic, on the list or not. */
  chosen: string | null = null;
  #days: Days | null = null;
  #asked = 0;
  /** Whether somebody acted in the list last: then the graphic goes with it, and it stays as it is. */
  #leads = false;

  constructor(section: HTMLElement) {
    const hear = ({ target }: Event): void => {
      const within = (part: Element | null): boolean => target instanceof Node && (part?.contains(target) ?? false);
      if (within(section)) this.#leads = false;
      else if (within(document.querySelector(LIST))) this.#leads = true;
    };
    for (const kind of ["pointerdown", "click", "wheel", "keydown"])
      document.addEventListener(kind, hear, { capture: true, passive: true });
  }

  /** Whether somebody is within what is shown anew, with a keyboard. */
  get isRead(): boolean {
    return [LIST, SENTENCE].some((part) => document.querySelector(part)?.contains(document.activeElement));
  }

  /** List the days that the graphic shows, or null for all of them. */
  async show(days: Days | null): Promise<void> {
    if (!document.querySelector(LIST) || this.#leads || this.isRead || same(days, this.#days)) return;
    if (days && !urlOf(location.href, days)) return;
    this.#days = days;
    await this.#replace([LIST]);
  }

  /** Show what is recorded by now; returns whether that is anything else. */
  async renew(): Promise<boolean> {
    const parts = this.#days ? [LIST] : [LIST, SENTENCE];
    return this.#replace(parts);
  }

  async #replace(parts: readonly string[]): Promise<boolean> {
    const asked = ++this.#asked;
    const url = (this.#days && urlOf(location.href, this.#days)) ?? location.href;
    const answer = await fetch(url, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return false; // whoever has to sign in anew is led away
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (asked !== this.#asked || this.isRead) return false; // somebody has gone on meanwhile
    if (this.#days) page.querySelector(LIST)?.prepend(saying(this.#days, url));
    let changed = false;
    for (const part of parts) {
      const [now, anew] = [document.querySelector(part), page.querySelector(part)];
      if (now === null || anew === null || now.textContent === anew.textContent) continue;
      now.replaceWith(anew);
      changed = true;
    }
    document.getElementById(`e-${this.chosen}`)?.setAttribute("aria-current", "true");
    return changed;
  }
}

/** A page's address with these days alone, as far as its own filter has them; null where that cannot be told. */
export function urlOf(href: string, { start, end }: Days): string | null {
  const url = new URL(href);
  const [from, to] = [url.searchParams.get("from"), url.searchParams.get("to")];
  if ((from !== null && !DAY.test(from)) || (to !== null && !DAY.test(to))) return null;
  if (from !== null && end.slice(0, from.length) < from) return null;
  if (to !== null && start.slice(0, to.length) > to) return null;
  url.searchParams.set("from", from !== null && start.slice(0, from.length) < from ? from : start);
  url.searchParams.set("to", to !== null && end.slice(0, to.length) > to ? to : end);
  for (const name of ["cursor", "min_position"]) url.searchParams.delete(name);
  url.hash = "";
  return url.href;
}

function same(one: Days | null, other: Days | null): boolean {
  return one?.start === other?.start && one?.end === other?.end;
}

function saying({ start, end }: Days, url: string): HTMLElement {
  const words = `As in the graphic: ${spanWords(dayOf(start), dayOf(end))}. `;
  return html("p", { class: "meta seam-days" }, words, html("a", { href: url }, "A page of these days"));
}
