/** Suggests tags, actors and publishers while they are written: the most frequent ones that begin so. */

const PAUSE = 150; // milliseconds between keys after which somebody waits
const MOST = 12;
/** What each list was last asked for, so that a late answer does not take the place of a newer one. */
const asked = new WeakMap();
let waiting;

for (const kind of ["focusin", "input"])
  document.addEventListener(kind, ({ target }) => {
    if (!target.list?.dataset.names) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => suggest(target.list, target.value.trim()), kind === "input" ? PAUSE : 0);
  });

async function suggest(list, prefix) {
  if (asked.get(list) === prefix) return;
  asked.set(list, prefix);
  try {
    const answer = await fetch(`${list.dataset.names}?${new URLSearchParams({ prefix, limit: MOST })}`);
    if (!answer.ok || asked.get(list) !== prefix) return;
    const { items } = await answer.json();
    list.replaceChildren(...items.map(option));
  } catch {
    asked.delete(list); // nothing is suggested while the service does not answer
  }
}

function option({ name, count }) {
  const made = document.createElement("option");
  made.value = name;
  made.label = `${name} · ${count.toLocaleString("en")} ${count === 1 ? "event" : "events"}`;
  return made;
}
