// Where marks and their labels go: rows on either side of the seam, in which nothing lies over anything else.
//
// Row 0 is the seam; rows above it are positive. What the first country did stands above all that both did, and what the
// second did below, so that a row says who acted.

import type { Side } from "./data.ts";

/** What is to be placed, in pixels: from `left` to `right`, with a label of so many beside it. */
export interface Item {
  id: string;
  side: Side;
  left: number;
  right: number;
  label: number;
  weight: number;
  /** Whether the layout fails without it: all else is placed where there is room left. */
  needed: boolean;
}

export interface Place {
  row: number;
  /** Where its label is, from its left end on; null where there is no room for it. */
  label: { left: number; width: number; before: boolean } | null;
}

export interface Layout {
  places: Map<string, Place>;
  /** Rows on each side of the seam that belong to what both did. */
  shared: number;
}

const GAP = 3;
const LABEL_GAP = 5;
const LABEL_WIDTHS = [1, 0.7, 0.45];
const LEAST_LABEL = 64;
/** Of more than so many, labels do not make room for themselves. */
const ROOMY = 120;

/** Whether labels make room for themselves: of what both did, and of what one did. */
interface Room {
  both: boolean;
  one: boolean;
}

/** Places in so many rows on each side, with labels between `left` and `right`; null if what is needed does not go in. */
export function layOut(items: readonly Item[], rows: number, left: number, right: number): Layout | null {
  if (!mayGoIn(items, 2 * rows + 1, right - left)) return null;
  const roomy = items.length <= ROOMY && items.some(({ label }) => label > 0);
  const tries = roomy
    ? [
        { both: true, one: true },
        { both: false, one: true },
      ]
    : [];
  for (const room of [...tries, { both: false, one: false }]) {
    const found = place(items, rows, left, right, room);
    if (found) return found;
  }
  return null;
}

/** Whether there is as much room as is needed, however it is used. */
function mayGoIn(items: readonly Item[], rows: number, width: number): boolean {
  let room = 0;
  for (const item of items) if (item.needed) room += Math.min(item.right, width) - Math.max(item.left, 0);
  return room <= rows * (width + 30);
}

function place(items: readonly Item[], rows: number, left: number, right: number, room: Room): Layout | null {
  const places = new Map<string, Place>();
  const taken = new Rows();
  const inOrder = [...items].sort((a, b) => Number(b.needed) - Number(a.needed));
  const byWeight = [...inOrder].sort((a, b) => Number(b.needed) - Number(a.needed) || b.weight - a.weight);
  const mostShared = Math.min(rows - 1, room.both ? 2 : Math.ceil(rows / 2));
  let shared = 0;
  for (const item of room.both ? byWeight : inOrder) {
    if (item.side !== "both") continue;
    const found = find(item, sharedRows(item.needed ? mostShared : shared), taken, room.both, left, right);
    if (!found && item.needed) return null;
    if (!found) continue;
    shared = Math.max(shared, Math.abs(found.row));
    settle(item, found, places, taken);
  }
  for (const item of room.one ? byWeight : inOrder) {
    if (item.side === "both") continue;
    const sign = item.side === "first" ? 1 : -1;
    const own = Array.from({ length: rows - shared }, (_, row) => sign * (shared + 1 + row));
    const found = find(item, own, taken, room.one, left, right);
    if (!found && item.needed) return null;
    if (found) settle(item, found, places, taken);
  }
  for (const item of byWeight) {
    const found = places.get(item.id);
    if (!found || found.label) continue;
    found.label = labelIn(item, found.row, taken, left, right, LABEL_WIDTHS);
    if (found.label) taken.take(found.row, found.label.left, found.label.left + found.label.width);
  }
  return { places, shared };
}

function find(item: Item, rows: number[], taken: Rows, roomy: boolean, left: number, right: number): Place | null {
  if (roomy)
    for (const width of LABEL_WIDTHS)
      for (const row of rows) {
        if (!taken.free(row, item.left - GAP, item.right + GAP)) continue;
        const label = labelIn(item, row, taken, left, right, [width]);
        if (label) return { row, label };
      }
  const row = rows.find((each) => taken.free(each, item.left - GAP, item.right + GAP));
  return row === undefined ? null : { row, label: null };
}

function settle(item: Item, found: Place, places: Map<string, Place>, taken: Rows): void {
  places.set(item.id, found);
  taken.take(found.row, item.left, item.right);
  if (found.label) taken.take(found.row, found.label.left, found.label.left + found.label.width);
}

function labelIn(item: Item, row: number, taken: Rows, left: number, right: number, widths: number[]): Place["label"] {
  if (!item.label) return null;
  for (const part of widths) {
    const width = Math.max(Math.min(item.label, LEAST_LABEL), item.label * part);
    const after = item.right + LABEL_GAP;
    const before = item.left - LABEL_GAP - width;
    if (after >= left && after + width <= right && taken.free(row, after, after + width + GAP))
      return { left: after, width, before: false };
    if (before >= left && before + width <= right && taken.free(row, before - GAP, before + width))
      return { left: before, width, before: true };
  }
  return null;
}

/** The seam first, then away from it on both sides. */
function sharedRows(most: number): number[] {
  return [0, ...Array.from({ length: most }, (_, row) => [row + 1, -row - 1]).flat()];
}

/** Stretches that are taken, by row: none over another, so that each row can be kept in order. */
class Rows {
  readonly #rows = new Map<number, [number, number][]>();

  free(row: number, left: number, right: number): boolean {
    const taken = this.#rows.get(row) ?? [];
    const next = taken[after(taken, left)];
    return next === undefined || next[0] >= right;
  }

  take(row: number, left: number, right: number): void {
    const taken = this.#rows.get(row) ?? [];
    this.#rows.set(row, taken);
    taken.splice(after(taken, left), 0, [left, right]);
  }
}

/** The first of ordered stretches that ends behind a place. */
function after(taken: readonly [number, number][], place: number): number {
  let [low, high] = [0, taken.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((taken[middle]?.[1] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
