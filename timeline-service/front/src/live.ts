// What is recorded of a pair while its page is open: the list and the graphic are shown anew, and a line says what is new.
//
// The page itself is asked for again, so that the list has one author. Somebody who is reading within the list is not
// disturbed: the line then waits for them to ask.

const SECONDS_BETWEEN = 2;

interface Told {
  event?: { id: string; title: string };
}

/** Follow a pair in a page that shows it as it is recorded now. */
export function follow(section: HTMLElement, news: HTMLElement): void {
  const source = new EventSource(`/v1/timelines/${section.dataset.pair}/live`);
  const fresh = new Set<string>();
  let waiting = 0;
  const told = (message: MessageEvent<string>): void => {
    const { event } = JSON.parse(message.data) as Told;
    if (event === undefined) return;
    fresh.add(event.id);
    news.replaceChildren(`Just recorded: ${event.title}`);
    if (waiting === 0) waiting = window.setTimeout(show, SECONDS_BETWEEN * 1000);
  };
  const show = async (): Promise<void> => {
    waiting = 0;
    if (isRead()) return offer(news, show);
    if (await replaceList(fresh)) section.dispatchEvent(new CustomEvent("seam:reload", { detail: null }));
    fresh.clear();
  };
  source.addEventListener("open", () => {
    news.dataset.following = "";
    void show(); // what came between the page and the stream, or during a cut
  });
  source.addEventListener("applied", told);
  source.addEventListener("left", told);
}

/** Whether somebody is within the list with a keyboard. */
function isRead(): boolean {
  return document.getElementById("list")?.contains(document.activeElement) ?? false;
}

function offer(news: HTMLElement, show: () => Promise<void>): void {
  const button = document.createElement("button");
  button.textContent = "Show it";
  button.addEventListener("click", () => {
    button.remove();
    void show();
  });
  if (news.querySelector("button") === null) news.append(" ", button);
}

/** Put the list as it is now in the place of the one that is shown; returns whether that was another one. */
async function replaceList(fresh: ReadonlySet<string>): Promise<boolean> {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return false; // whoever has to sign in anew is led away
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  let changed = false;
  for (const part of ["#list", ".sentence"]) {
    const [now, anew] = [document.querySelector(part), page.querySelector(part)];
    if (now === null || anew === null || now.textContent === anew.textContent) continue;
    now.replaceWith(anew);
    changed = true;
  }
  for (const id of fresh) document.getElementById(`e-${id}`)?.classList.add("fresh");
  return changed;
}
