import assert from "node:assert/strict";
import { test } from "node:test";
import type { Side } from "../src/data.ts";
import { type Item, type Layout, layOut } from "../src/layout.ts";

const WIDTH = 1000;

function item(id: number, left: number, more: Partial<Item> = {}): Item {
  return { id: `${id}`, side: "both", left, right: left + 14, label: 120, weight: 1, needed: true, ...more };
}

/** Numbers that look random, and are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Nothing lies over anything else, and rows say who acted. */
function check(items: readonly Item[], layout: Layout): void {
  const rows = new Map<number, [number, number][]>();
  for (const each of items) {
    const place = layout.places.get(each.id);
    if (!place) {
      assert.equal(each.needed, false);
      continue;
    }
    if (each.side === "both") assert.ok(Math.abs(place.row) <= layout.shared);
    else assert.ok((each.side === "first" ? place.row : -place.row) > layout.shared);
    const row = rows.get(place.row) ?? [];
    rows.set(place.row, row);
    row.push([each.left, each.right]);
    if (!place.label) continue;
    assert.ok(place.label.left >= 0 && place.label.left + place.label.width <= WIDTH);
    row.push([place.label.left, place.label.left + place.label.width]);
  }
  for (const row of rows.values()) {
    row.sort((a, b) => a[0] - b[0]);
    for (const [index, [left]] of row.entries()) assert.ok(index === 0 || left >= (row[index - 1]?.[1] ?? 0));
  }
}

test("whatever goes in lies over nothing else", () => {
  const random = numbers(7);
  let found = 0;
  for (let run = 0; run < 200; run++) {
    const count = 1 + Math.floor(random() * 150);
    const items = Array.from({ length: count }, (_, id) => {
      const left = -200 + random() * 1400;
      const side = (["first", "both", "second"] as Side[])[Math.floor(random() * 3)] ?? "both";
      const right = left + 14 + (random() < 0.1 ? random() * 500 : 0);
      const needed = right >= 0 && left <= WIDTH;
      return item(id, left, { side, right, label: random() * 250, weight: Math.floor(random() * 5), needed });
    });
    const layout = layOut(items, 6, 0, WIDTH);
    if (!layout) continue;
    found++;
    check(items, layout);
  }
  assert.ok(found > 50);
});

test("a single event stands on its place, with its label", () => {
  for (const [side, row] of [
    ["first", 1],
    ["both", 0],
    ["second", -1],
  ] as const) {
    const layout = layOut([item(1, 500, { side })], 6, 0, WIDTH);
    assert.equal(layout?.places.get("1")?.row, row);
    assert.deepEqual(layout?.places.get("1")?.label, { left: 519, width: 120, before: false });
  }
});

test("a label goes before its event where there is no room behind it", () => {
  const layout = layOut([item(1, 980)], 6, 0, WIDTH);
  assert.equal(layout?.places.get("1")?.label?.before, true);
});

test("of labels that exclude each other, that of the event with most sources is there", () => {
  for (const [first, second] of [
    [1, 2],
    [2, 1],
  ]) {
    const items = [
      item(1, 0, { side: "first", label: 600, weight: first ?? 0 }),
      item(2, 780, { side: "first", label: 600, weight: second ?? 0 }),
    ];
    const layout = layOut(items, 1, 0, WIDTH);
    const labels = ["1", "2"].map((id) => Boolean(layout?.places.get(id)?.label));
    assert.deepEqual(labels, [first === 2, second === 2]);
  }
});

test("what does not go in is not drawn in part, unless it is not needed", () => {
  const items = Array.from({ length: 40 }, (_, id) => item(id, 500, { side: "first", right: 900 }));
  assert.equal(layOut(items, 6, 0, WIDTH), null);
  const some = items.map((each, index) => ({ ...each, needed: index < 3 }));
  const layout = layOut(some, 6, 0, WIDTH);
  assert.ok(layout);
  assert.equal(layout.places.size, 6);
  for (const index of [0, 1, 2]) assert.ok(layout.places.has(`${index}`));
});

test("without labels nothing has one", () => {
  const layout = layOut([item(1, 500, { label: 0 })], 6, 0, WIDTH);
  assert.equal(layout?.places.get("1")?.label, null);
});
