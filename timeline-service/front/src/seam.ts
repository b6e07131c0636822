// The seam: a pair's events on a line of time between its two countries, in `<section id="seam">`.
//
// It tells the page what happens in it (`seam:select` and `seam:hover` with an event's id or null, `seam:view` with the
// days that are seen, or null for all), and is told by it, by events on the section: `seam:show`
// chooses an event, `seam:reload` asks anew, with other filters if it has a `query`.

import { Graphic } from "./graphic.ts";
import { type Days, Listing } from "./listing.ts";
import { follow } from "./live.ts";

declare global {
  interface HTMLElementEventMap {
    "seam:show": CustomEvent<{ id: string }>;
    "seam:reload": CustomEvent<{ query?: string } | null>;
    "seam:select": CustomEvent<{ id: string | null }>;
    "seam:view": CustomEvent<Days | null>;
  }
}

const section = document.getElementById("seam");
if (section?.dataset.pair) {
  const graphic = new Graphic(section);
  section.addEventListener("seam:show", ({ detail }) => graphic.choose(detail.id, { scroll: true }));
  section.addEventListener("seam:reload", ({ detail }) => graphic.reload(detail?.query));
  const listing = new Listing(section);
  section.addEventListener("seam:select", ({ detail }) => {
    listing.chosen = detail.id;
  });
  section.addEventListener("seam:view", ({ detail }) => void listing.show(detail));
  void graphic.begin();
  const news = document.getElementById("news");
  const { query = "" } = section.dataset;
  if (news !== null && !new URLSearchParams(query).has("as_of")) follow(section, news, listing);
}
