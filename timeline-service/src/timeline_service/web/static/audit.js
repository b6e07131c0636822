// The server writes this page, also what has changed since: its live parts are taken from a fresh copy of it. Only the
// bars of what runs are drawn here, as often as the service tells of them.

const SECONDS = 5;
const MAX_STREAMS = 3; // a browser opens six connections, and the buttons need one
const element = (id) => document.getElementById(id);
const streams = new Map();
const told = new Map();

async function refresh() {
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
    element("stale").textContent = "";
  } catch {
    element("stale").textContent = "The service does not answer: what you see may be old.";
  }
  for (const card of document.querySelectorAll("[data-replay]")) follow(card.dataset.replay);
}

function renew(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh) continue;
    for (const details of part.querySelectorAll("details[id]")) {
      const other = page.getElementById(details.id);
      if (other) other.open = details.open;
    }
    for (const card of part.querySelectorAll("[data-replay]"))
      page.getElementById(card.id)?.replaceWith(card.cloneNode(true)); // it is told of more often
    if (part.isEqualNode(fresh)) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceWith(document.adoptNode(fresh));
    if (focused) element(focused)?.focus();
  }
}

function follow(id) {
  if (streams.has(id) || streams.size >= MAX_STREAMS) return;
  const stream = new EventSource(`/v1/replays/${id}/progress`);
  streams.set(id, stream);
  const leave = () => {
    stream.close();
    streams.delete(id);
  };
  stream.addEventListener("progress", (event) => draw(JSON.parse(event.data)));
  stream.addEventListener("done", async (event) => {
    leave();
    const view = JSON.parse(event.data);
    await refresh();
    const found = view.kind === "verify" && view.result ? (view.result.equal ? ": equal" : ": different") : "";
    say(id, `${view.kind} ${view.state}${found}`);
  });
  stream.onerror = () => stream.readyState === EventSource.CLOSED && leave();
}

function draw(view) {
  const card = element(`replay-${view.id}`);
  if (!card) return;
  const { phase, records, total, partitions } = view.progress;
  const part = (name) => card.querySelector(`[data-part=${name}]`);
  part("phase").textContent = phase;
  part("figures").textContent = figures(view.progress).map((figure) => figure.replaceAll(" ", "\u00a0")).join(" · ");
  const bar = card.querySelector("progress");
  if (records < total) bar.setAttribute("value", records / total);
  else bar.removeAttribute("value"); // before the first record and after the last there is work that is not counted
  card.querySelector("details").hidden = !partitions.length;
  part("partitions").replaceChildren(
    ...partitions.map((item) => {
      const row = document.createElement("tr");
      for (const cell of [item.partition, count(item.records), count(item.total), size(item.bytes)])
        Object.assign(row.insertCell(), { className: "number", textContent: cell });
      return row;
    }),
  );
  say(view.id, `${view.kind}: ${phase}${total ? `, ${25 * Math.floor((4 * records) / total)} %` : ""}`);
}

function say(id, words) {
  if (told.get(id) !== words) element("said").textContent = words;
  told.set(id, words);
}

function figures({ records, total, bytes, bytes_total, rate, seconds_left }) {
  return [
    total ? `${Math.floor((100 * records) / total)} %` : "",
    total ? `${count(records)} of ${count(total)} records` : "",
    bytes ? size(bytes) + (bytes_total ? ` of ${size(bytes_total)}` : "") : "",
    rate === null ? "" : `${count(Math.round(rate))} a second`,
    seconds_left === null ? "" : `${count(Math.ceil(seconds_left))} s left`,
  ].filter(Boolean);
}

const count = (number) => number.toLocaleString("en");

function size(bytes) {
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${["bytes", "kB", "MB", "GB", "TB"][power]}`;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-method]");
  if (!button) return;
  event.preventDefault(); // the form is for where no script runs
  if (button.ariaBusy === "true") return;
  const { method, path, body } = button.dataset;
  const headers = body ? { "content-type": "application/json" } : {};
  button.ariaBusy = "true";
  element("refusal").textContent = "";
  try {
    const answer = await fetch(path, { method, headers, body });
    if (!answer.ok) element("refusal").textContent = (await answer.json()).detail;
  } catch {
    element("refusal").textContent = "The service does not answer: nobody knows whether it has heard this.";
  }
  button.ariaBusy = null;
  await refresh();
});

document.addEventListener("visibilitychange", () => document.hidden || refresh());
setInterval(() => document.hidden || refresh(), 1000 * SECONDS);
refresh();
