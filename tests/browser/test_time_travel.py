"""What has changed in a pair between two moments, drawn: a ring, a ghost, a thin line, and all else pale."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import timeline_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
DRAWN: Final = "document.querySelector('#seam svg')?.dataset.drawn ?? ''"
KEPT = recording("Stays as it is", "2019-01-10")
MOVED = recording("Was dated wrongly", "2019-06-01", initiators=["CN"])
MENDED = recording("Has <b>another</b> title", "2020-03-01", initiators=["IN"])
GONE = recording("Never happened", "2020-09-01", initiators=["IN"])
ADDED = recording("Found later", "2021-02-01", initiators=["CN"])
BUSY: Final = [
    recording(f"Busy day {n}", f"{2000 + n // 100}-{n % 12 + 1:02}-{n % 28 + 1:02}", ["FR", "ES"]) for n in range(2100)
]


@dataclass(frozen=True, slots=True)
class Travel:
    """Where the pages of changes are: of a pair of few events, and of one of many."""

    few: str
    many: str
    more_than_can_be_drawn: str
    few_without_any: str


@pytest.fixture(scope="module")
async def travel(engines: Engines) -> AsyncIterator[Travel]:
    async with timeline_stack(engines) as stack:
        since = await stack.append(KEPT, MOVED, MENDED, GONE, *BUSY)
        after = await stack.append(
            correcting(MOVED.event_id, "Was dated wrongly", "2020-05-05", initiators=["CN"]),
            correcting(MENDED.event_id, "Has a better title", "2020-03-01", initiators=["IN"]),
            retracting(GONE.event_id),
            ADDED,
            retracting(BUSY[0].event_id),
            correcting(BUSY[450].event_id, "Busy, later", "2006-06-06", ["FR", "ES"]),
        )
        await stack.get("/v1/timelines/IN-CN", after)
        base = f"{stack.client.base_url}/timelines"
        yield Travel(
            f"{base}/CHN-IND/changes?since={since}",
            f"{base}/ESP-FRA/changes?since={since}",
            f"{base}/ESP-FRA/changes?since=2020-01-01T00:00:00Z",
            f"{base}/CHN-IND/changes?since={after}",
        )


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile"))) as opened:
        await opened.prefer(still=True)
        await opened.resize(1100, 900)
        yield opened


async def opened(browser: Browser, url: str, kind: str = "marks") -> None:
    """Show a page of changes, and wait until it is drawn."""
    browser.complaints.clear()
    await browser.open(url)
    await browser.shows("#seam .seam-caption", "all else pale")
    await wait_until(lambda: browser.ask(f"location.href === '{url}' && ({DRAWN}) === '{kind}'"))


async def classes(browser: Browser, event_id: str) -> set[str]:
    """What an event's mark is."""
    found = f"document.querySelector('#seam .mark[data-id=\"{event_id}\"]')?.getAttribute('class') ?? ''"
    return set((await browser.ask(found)).split())


async def test_what_changed_is_drawn_and_said(travel: Travel, browser: Browser) -> None:
    await opened(browser, travel.few)
    for record, fate in ((MOVED, "moved"), (MENDED, "changed"), (GONE, "left"), (ADDED, "appeared")):
        assert fate in await classes(browser, record.event_id)
    assert await classes(browser, KEPT.event_id) == {"mark", "conflictual"}
    sentence = await browser.ask("document.querySelector('#seam-sentence').textContent")
    assert "one appeared, one left, one moved in time and one changed otherwise" in sentence
    await browser.shows("#seam .seam-note", "1 appeared", "1 left", "1 moved in time", "1 changed otherwise")
    way = await browser.ask("""(() => {
        const [from] = document.querySelectorAll("#seam .way .from");
        const disc = document.querySelector("#seam .mark.moved .disc");
        return [from, disc].map(each => [+each.getAttribute("cx"), +each.getAttribute("cy")]);
    })()""")
    assert way[0][0] < way[1][0]  # it was earlier
    assert way[0][1] == way[1][1]
    opacity = "+getComputedStyle(document.querySelector('#seam .mark[data-id=\"ID\"]')).opacity"
    assert await browser.ask(opacity.replace("ID", KEPT.event_id)) < 0.5
    assert await browser.ask(opacity.replace("ID", ADDED.event_id)) == 1
    assert browser.complaints == []


async def test_keys_go_from_change_to_change(travel: Travel, browser: Browser) -> None:
    await opened(browser, travel.few)
    await browser.ask("document.querySelector('#seam svg').focus()")
    said = "document.querySelector('#seam [aria-live]').textContent"
    for words in ("Has a better title. India acted", "moved: it was 1 June 2019", "has left since", "appeared since"):
        await browser.press("ArrowRight")
        await browser.shows("#seam [aria-live]", words)
    assert await browser.ask(f"document.getElementById('e-{ADDED.event_id}').getAttribute('aria-current')") == "true"
    await browser.press("Home")
    await wait_until(lambda: browser.ask(f"{said}.includes('better title')"))


async def test_before_many_events_few_changes_are_marks(travel: Travel, browser: Browser) -> None:
    await opened(browser, travel.many)
    assert await browser.ask("document.querySelectorAll('#seam .bins .pale path').length") > 0
    assert await browser.ask("document.querySelectorAll('#seam .mark').length") == 2
    assert "left" in await classes(browser, BUSY[0].event_id)
    assert "moved" in await classes(browser, BUSY[450].event_id)


async def test_of_more_changes_than_can_be_drawn_it_says_so(travel: Travel, browser: Browser) -> None:
    await opened(browser, travel.more_than_can_be_drawn, "bins")
    await browser.shows(
        "#seam .seam-note", "2,000 appeared", "drawn are the last 2,000 to be revised, the list has all"
    )
    assert await browser.ask("document.querySelectorAll('#seam .bins > path').length") > 0
    assert await browser.ask("document.querySelectorAll('#seam *').length") < 1_000
    await browser.ask("document.querySelector('#seam svg').focus()")
    await browser.press("End")
    await browser.shows("#seam .seam-note", "of what has changed", "both acted")


@pytest.mark.parametrize("width", [360, 820])
async def test_it_is_drawn_on_narrow_pages_and_labels_stay_apart(travel: Travel, browser: Browser, width: int) -> None:
    await browser.resize(width, 800)
    try:
        await opened(browser, travel.few)
        assert await browser.ask("document.documentElement.scrollWidth") <= width
        assert (
            await browser.ask("""(() => {
            const boxes = [...document.querySelectorAll("#seam .label")].map(each => each.getBoundingClientRect());
            return boxes.flatMap((a, at) => boxes.slice(at + 1).filter(b =>
                a.left < b.right && b.left < a.right && a.top < b.bottom - 3 && b.top < a.bottom - 3)).length;
        })()""")
            == 0
        )
    finally:
        await browser.resize(1100, 900)


async def test_where_nothing_has_changed_nothing_is_drawn(travel: Travel, browser: Browser) -> None:
    await browser.open(travel.few_without_any)
    await browser.shows("main", "Nothing has changed in between")
    assert await browser.ask("document.querySelectorAll('#seam').length") == 0
