// The list beside the graphic: `<li id="e-…">` for each event. What is chosen in one is chosen in the other.

import { dayOf } from "./days.ts";

const ITEM = 'li[id^="e-"]';

export interface Told {
  chosen(id: string, day: number | null): void;
  pointed(id: string | null): void;
}

/** Hear of what is pointed at and chosen in the list. */
export function followList(told: Told): void {
  document.addEventListener("pointerover", ({ target }) => told.pointed(itemOf(target)?.id.slice(2) ?? null));
  document.addEventListener("focusin", ({ target }) => {
    const item = itemOf(target);
    if (item) told.pointed(item.id.slice(2));
  });
  document.addEventListener("click", ({ target }) => {
    const item = itemOf(target);
    if (item && !(target instanceof Element && target.closest("a, button, input, summary")))
      told.chosen(item.id.slice(2), dayIn(item));
  });
}

/** Mark an event as the one that is chosen, and bring it into view if it is on the page. */
export function chooseInList(id: string | null, scroll: boolean): void {
  for (const item of document.querySelectorAll(`${ITEM}[aria-current]`)) item.removeAttribute("aria-current");
  const item = id === null ? null : document.getElementById(`e-${id}`);
  if (!item) return;
  item.setAttribute("aria-current", "true");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (scroll) item.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
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
