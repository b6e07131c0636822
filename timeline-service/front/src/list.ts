// The list beside the graphic: `<li id="e-…">` for each event. What is chosen in one is chosen in the other.

import { dayOf } from "./days.ts";

const ITEM = 'li[id^="e-"]';

export interface Told {
  chosen(id: string, day: number | null): void;
  pointed(id: string | null): void;
}

/** Hear of what is pointed at and chosen in the list. */
export function followList(told: Told): void {
  let at: string | null = null;
  const point = (target: EventTarget | null): void => {
    const id = itemOf(target)?.id.slice(2) ?? null;
    if (id === at) return; // what happens elsewhere is nothing to the list
    at = id;
    told.pointed(id);
  };
  document.addEventListener("pointerover", ({ target }) => point(target));
  document.addEventListener("focusin", ({ target }) => point(target));
  document.addEventListener("click", ({ target }) => {
    const item = itemOf(target);
    if (item && !(target instanceof Element && target.closest("a, button, input, summary")))
      told.chosen(item.id.slice(2), dayIn(item));
  });
}

/** Mark an event as the one that is chosen, if it is on the page; and bring it into view, as far as `kept` stays there. */
export function chooseInList(id: string | null, kept: Element | null): void {
  for (const item of document.querySelectorAll(`${ITEM}[aria-current]`)) item.removeAttribute("aria-current");
  const item = id === null ? null : document.getElementById(`e-${id}`);
  if (!item) return;
  item.setAttribute("aria-current", "true");
  if (!kept) return;
  const below = item.getBoundingClientRect().bottom - innerHeight;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (below > 0 && kept.getBoundingClientRect().top >= below)
    scrollBy({ top: below, behavior: still ? "auto" : "smooth" });
}

export function pointInList(id: string | null): void {
  for (const item of document.querySelectorAll(`${ITEM}.pointed`)) item.classList.remove("pointed");
  if (id !== null) document.getElementById(`e-${id}`)?.classList.add("pointed");
}

function itemOf(target: EventTarget | null): Element | null {
  return target instanceof Element ? target.closest(ITEM) : null;
}

function dayIn(item: Element): number | null {
  const written = item.querySelector("time[datetime]")?.getAttribute("datetime") ?? "";
  const [day] = /^\d{4}(-\d{2}){0,2}/.exec(written) ?? [];
  return day ? dayOf(day) : null;
}
