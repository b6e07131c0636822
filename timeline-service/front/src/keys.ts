// Keys: from event to event in the contract's order, or from bin to bin.

import type { Target } from "./cursor.ts";
import type { Bin, Mark } from "./data.ts";

export type Move = "previous" | "next" | "first" | "last";

const MOVES: Record<string, Move> = { ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last" };

export interface Deeds {
  move(move: Move): void;
  zoom(factor: number): void;
  showAll(): void;
  enter(): void;
  leave(): void;
}

export function listenToKeys(element: SVGSVGElement, deeds: Deeds): void {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move) deeds.move(move);
    else if (event.key === "+" || event.key === "=") deeds.zoom(2);
    else if (event.key === "-" || event.key === "−") deeds.zoom(0.5);
    else if (event.key === "0") deeds.showAll();
    else if (event.key === "Enter") deeds.enter();
    else if (event.key === "Escape") deeds.leave();
    else return;
    event.preventDefault();
  });
}

/** The event that is next in a direction; from none, the first one that is seen. */
export function nextMark(marks: readonly Mark[], at: Target, move: Move, seen: (mark: Mark) => boolean): Mark | null {
  const here = at && "id" in at ? marks.findIndex(({ id }) => id === at.id) : -1;
  if (move === "first") return marks[0] ?? null;
  if (move === "last") return marks.at(-1) ?? null;
  if (here < 0) return (move === "next" ? marks.find(seen) : marks.findLast(seen)) ?? null;
  return marks[here + (move === "next" ? 1 : -1)] ?? null;
}

export function nextBin(bins: readonly Bin[], at: Target, move: Move): Bin | null {
  if (move === "first") return bins[0] ?? null;
  if (move === "last") return bins.at(-1) ?? null;
  if (!at || !("bin" in at)) return (move === "next" ? bins[0] : bins.at(-1)) ?? null;
  const { start } = at.bin;
  return (move === "next" ? bins.find((bin) => bin.start > start) : bins.findLast((bin) => bin.start < start)) ?? null;
}
