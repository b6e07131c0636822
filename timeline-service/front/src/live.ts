// What is recorded of a pair while its page is open: the list and the graphic are shown anew, and a line says what is new.
//
// Somebody who is reading within the list is not disturbed: the line then waits for them to ask.

import type { Listing } from "./listing.ts";

const SECONDS_BETWEEN = 2;

interface Told {
  event?: { id: string; title: string };
}

/** Follow a pair in a page that shows it as it is recorded now. */
export function follow(section: HTMLElement, news: HTMLElement, listing: Listing): void {
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
    if (listing.isRead) return offer(news, show);
    const changed = await listing.renew();
    if (listing.isRead) return offer(news, show);
    for (const id of fresh) document.getElementById(`e-${id}`)?.classList.add("fresh");
    if (changed) section.dispatchEvent(new CustomEvent("seam:reload", { detail: null }));
    fresh.clear();
  };
  source.addEventListener("open", () => {
    news.dataset.following = "";
    if (news.dataset.cut !== undefined) {
      delete news.dataset.cut;
      news.replaceChildren("Followed again.");
    }
    void show(); // what came between the page and the stream, or during a cut
  });
  source.addEventListener("error", () => {
    delete news.dataset.following;
    news.dataset.cut = "";
    news.replaceChildren(
      source.readyState === EventSource.CLOSED
        ? "What is recorded now is no longer followed: load the page again."
        : "What is recorded now is not followed at the moment: the service does not answer. It is tried again.",
    );
  });
  source.addEventListener("applied", told);
  source.addEventListener("left", told);
}

function offer(news: HTMLElement, show: () => Promise<void>): void {
  const button = document.createElement("button");
  button.textContent = "Show it";
  button.addEventListener("click", () => {
    news.tabIndex = -1;
    news.focus(); // the button goes, and who has pressed it stays
    button.remove();
    void show();
  });
  if (news.querySelector("button") === null) news.append(" ", button);
}
