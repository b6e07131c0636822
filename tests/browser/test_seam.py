"""The seam in a real browser: it draws, zooms, goes from event to event, and stays in step with the list."""

from collections.abc import AsyncIterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.seam_pages import SeamPages, seam_pages
from tests.support.running.timeline_stacks import timeline_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")

DRAWN: Final = "document.querySelector('#seam svg')?.dataset.drawn ?? ''"
CHOSEN: Final = "document.querySelector('#e-ID')?.getAttribute('aria-current') ?? ''"
MARKS: Final = "[...document.querySelectorAll('#seam .mark')]"
EVENTS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("War", "1962-10-20/1962-11-21", {"valence": "conflictual"}),
    ("Summit", "2009-06-16", {"valence": "cooperative"}),
    ("Restrictions", "2020/..", {"valence": "conflictual", "initiators": ["IN"]}),
    ("Ban of apps", "2020-06-29", {"valence": "conflictual", "initiators": ["IN"]}),
    ("Launch", "2025-06~", {"valence": "cooperative", "initiators": ["CN"]}),
    ("Rumour", "2026-02-03?", {"type": "other", "initiators": ["CN"]}),
]


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile"))) as opened:
        await opened.prefer(still=True)
        await opened.resize(1100, 900)
        yield opened


@pytest.fixture(scope="module")
async def page(engines: Engines) -> AsyncIterator[SeamPages]:
    """The page of a pair with six events, in front of a real service."""
    records = [recording(title, when, ["IN", "CN"], **fields) for title, when, fields in EVENTS]
    async with timeline_stack(engines) as stack, seam_pages(str(stack.client.base_url)) as pages:
        await stack.get("/v1/status", await stack.append(*records))
        pages.items = [
            (record.event_id, when[:10], title) for record, (title, when, _) in zip(records, EVENTS, strict=True)
        ]
        yield pages


@pytest.fixture
async def alone() -> AsyncIterator[SeamPages]:
    """The page without a service: a test says what is answered."""
    async with seam_pages() as pages:
        yield pages


def many(count: int) -> list[dict[str, Any]]:
    """Marks as the service answers them: one for each of so many days from 2000 on."""
    found = []
    for number in range(count):
        day = f"{2000 + number // 336}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
        found.append(
            {
                "id": str(uuid5(NAMESPACE_URL, day)),
                "title": f"Event {number}",
                **dict.fromkeys(("when", "earliest", "latest", "begins_by", "ends_from"), day),
                **{"precision": "day", "approximate": False, "uncertain": False, "retracted": False, "sources": 1},
                "side": ("first", "both", "second")[number % 3],
                "valence": ("cooperative", "conflictual", "neutral", None)[number % 4],
            }
        )
    return found


def answer_of(marks: list[dict[str, Any]]) -> dict[str, Any]:
    """All of them, as an answer."""
    first, last = marks[0]["earliest"], marks[-1]["latest"]
    extent = {"count": len(marks), "first": first, "last": last, "open": False}
    return {"start": first, "end": last, "count": len(marks), "extent": extent, "marks": marks}


async def opened(browser: Browser, pages: SeamPages, kind: str, query: str = "") -> None:
    """Show the page, and wait until marks or bins are drawn."""
    browser.complaints.clear()
    pages.asked.clear()
    await browser.open(f"{pages.url}?{query}")
    await wait_until(lambda: drawn(browser, pages, kind))


async def drawn(browser: Browser, pages: SeamPages, kind: str) -> bool:
    """Whether the page is there with marks or bins."""
    return bool(await browser.ask(f"location.href.startsWith('{pages.url}') && ({DRAWN}) === '{kind}'"))


async def is_chosen(browser: Browser, identity: str) -> bool:
    """Whether an event is the one that is chosen in the list."""
    return bool(await browser.ask(CHOSEN.replace("ID", identity)) == "true")


def complaints(browser: Browser) -> list[str]:
    """What the page has complained of, but for the icon that it has not."""
    return [words for words in browser.complaints if "favicon" not in words]


async def test_who_acted_is_a_place(browser: Browser, page: SeamPages) -> None:
    await opened(browser, page, "marks")
    rows: dict[str, float] = await browser.ask(
        f"Object.fromEntries({MARKS}.map(mark => [mark.dataset.id, +mark.querySelector('circle').getAttribute('cy')]))"
    )
    by_title = {title: rows[identity] for identity, _, title in page.items}
    seam = await browser.ask("+document.querySelector('#seam .seam-line').getAttribute('y1')")
    assert by_title["Launch"] < seam
    assert by_title["Rumour"] < seam
    assert by_title["Ban of apps"] > seam
    assert by_title["Restrictions"] > seam
    assert by_title["Summit"] == by_title["War"] == seam
    sentence = await browser.ask("document.querySelector('#seam-sentence').textContent")
    assert "China acted twice, both acted twice and India acted twice" in sentence
    kinds = await browser.ask(f"{MARKS}.map(mark => mark.getAttribute('class'))")
    assert "mark cooperative approximate" in kinds
    assert "mark none hollow" in kinds
    assert complaints(browser) == []
    assert len(page.asked) == 1


async def test_filters_are_those_of_the_page(browser: Browser, page: SeamPages) -> None:
    await opened(browser, page, "marks", "query=valence%3Dconflictual%26from%3D2000")
    assert await browser.ask(f"{MARKS}.length") == 2
    assert "valence=conflictual" in page.asked[0]
    await browser.open(f"{page.url}?query=q%3Dnothing-is-called-so")
    await browser.shows("#seam .seam-state", "No event to be drawn")
    await browser.open(f"{page.url}?query=type%3Dscowl")
    await browser.shows("#seam .seam-state", "cannot be drawn", "'scowl' is not a type")


async def test_keys_go_from_event_to_event_and_the_list_goes_with_them(browser: Browser, page: SeamPages) -> None:
    await opened(browser, page, "marks")
    await browser.ask("document.querySelector('#seam svg').focus()")
    identities = [identity for identity, _, _ in page.items]
    for identity in identities:
        await browser.press("ArrowRight")
        await wait_until(partial(is_chosen, browser, identity))
    await browser.shows("#seam .seam-note", "3 February 2026, uncertain", "Rumour", "China acted", "without a valence")
    await browser.press("Home")
    await wait_until(lambda: is_chosen(browser, identities[0]))
    await browser.shows("#seam .seam-note", "20 October – 21 November 1962", "War", "both acted", "conflictual")
    assert "War" in await browser.ask("document.querySelector('#seam [aria-live]').textContent")
    await browser.press("End")
    await wait_until(lambda: is_chosen(browser, identities[-1]))
    await browser.press("ArrowLeft")
    await wait_until(lambda: is_chosen(browser, identities[-2]))
    assert await browser.ask("document.querySelector('#seam svg').getBoundingClientRect().top") >= 0  # it stays in view
    await browser.shows("#seam .seam-note", "Launch", "in the list")
    await browser.click(f"#seam a[href='#e-{identities[-2]}']")
    await wait_until(lambda: browser.ask(f"location.hash === '#e-{identities[-2]}'"))
    await browser.ask("document.querySelector('#seam svg').focus()")
    await browser.press("Escape")
    await wait_until(lambda: browser.ask("document.querySelectorAll('li[aria-current]').length === 0"))
    await browser.press("Escape")
    assert await browser.ask("document.activeElement.className") == "seam-note"  # from there the keys go on


async def test_list_and_graphic_tell_each_other(browser: Browser, page: SeamPages) -> None:
    await opened(browser, page, "marks")
    identity = page.items[3][0]
    await browser.ask(
        "window.told = []; for (const name of ['select', 'hover'])"
        " document.addEventListener('seam:' + name, ({detail}) => told.push(name + ' ' + detail.id)); null"
    )
    await browser.click(f"#e-{identity} span")
    await wait_until(lambda: is_chosen(browser, identity))
    await browser.shows("#seam .seam-note", "29 June 2020", "Ban of apps")
    await wait_until(lambda: browser.ask("document.querySelectorAll('#seam .ring.chosen').length === 1"))
    x, y = await browser.ask(
        f"(() => {{ document.querySelector('#seam').scrollIntoView();"
        f" const box = document.querySelector('#seam [data-id=\"{page.items[1][0]}\"] circle').getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2] })()"
    )
    await browser.mouse("mouseMoved", x, y)
    await browser.shows("#seam .seam-note", "16 June 2009", "Summit")
    assert await browser.ask(f"document.querySelector('#e-{page.items[1][0]}').classList.contains('pointed')")
    for kind in ("mousePressed", "mouseReleased"):
        await browser.mouse(kind, x, y, button="left", clickCount=1)
    await wait_until(lambda: is_chosen(browser, page.items[1][0]))
    await browser.ask(
        f"document.querySelector('#seam').dispatchEvent(new CustomEvent('seam:show', {{detail: {{id: '{identity}'}}}}))"
    )
    await wait_until(lambda: is_chosen(browser, identity))
    told = await browser.ask("told")
    assert f"select {identity}" in told
    assert f"hover {page.items[1][0]}" in told
    assert complaints(browser) == []


async def test_many_are_bins_and_enter_goes_into_one(browser: Browser, alone: SeamPages) -> None:
    alone.marks = (200, answer_of(many(2000)))
    await opened(browser, alone, "bins")
    assert await browser.ask("document.querySelectorAll('#seam *').length") < 700
    await browser.shows("#seam .seam-note", "+ cooperative", "− conflictual", "a bar is a month")
    await browser.ask("document.querySelector('#seam svg').focus()")
    await browser.press("ArrowRight")
    await browser.shows("#seam .seam-note", "January 2000", "China acted ten times (3 +, 2 ·, 2 −")
    await browser.press("Enter")
    await wait_until(lambda: drawn(browser, alone, "marks"))
    inside = "({left, right}) => left > 0 && right < innerWidth"
    assert 30 < await browser.ask(f"{MARKS}.map(mark => mark.getBoundingClientRect()).filter({inside}).length") < 60
    for _ in range(9):
        await browser.press("-", "-")
    await wait_until(lambda: drawn(browser, alone, "bins"))
    await wait_until(lambda: browser.ask("document.querySelector('#seam button[title=\"Zoom out\"]').ariaDisabled"))
    assert len(alone.asked) == 1  # all was there already
    assert complaints(browser) == []


async def test_what_is_shown_closely_is_asked_for(browser: Browser, alone: SeamPages) -> None:
    one = {"first": [900, 0, 200, 0], "both": [0, 50, 0, 0], "second": [0, 0, 1500, 3]}
    bins = [{"start": f"{year}-01-01", "end": f"{year}-12-31", **one} for year in range(1950, 2026)]
    extent = {"count": 2653 * 76, "first": "1950-01-01", "last": "2025-12-31", "open": False}
    none = {side: [0, 0, 0, 0] for side in one}
    whole = {"start": "1950-01-01", "end": "2025-12-31", "count": 2653 * 76, "reaching": none}
    alone.marks = (200, {**whole, "extent": extent, "bins": bins})
    await opened(browser, alone, "bins")
    assert "start" not in alone.asked[0]
    sentence = await browser.ask("document.querySelector('#seam-sentence').textContent")
    assert "China acted 83,600 times" in sentence
    alone.marks = (200, {**whole, "start": "1980-01-01", "end": "1989-12-31", "marks": many(3)})
    await browser.ask("document.querySelector('#seam svg').focus()")
    await browser.press("+", "+")
    await browser.press("+", "+")
    await wait_until(lambda: len(alone.asked) > 1)
    assert "start=" in alone.asked[-1]
    assert "end=" in alone.asked[-1]


async def test_a_wheel_zooms_when_it_is_meant_and_a_hand_drags(browser: Browser, alone: SeamPages) -> None:
    alone.marks = (200, answer_of(many(2000)))
    await opened(browser, alone, "bins")
    ticks = "[...document.querySelectorAll('#seam .tick-words')].map(({textContent}) => textContent).join()"
    before = await browser.ask(ticks)
    await browser.mouse("mouseWheel", 500, 300, deltaX=0, deltaY=-240)
    assert await browser.ask(ticks) == before  # that was for the page
    await browser.ask("document.querySelector('#seam svg').focus()")
    await browser.mouse("mouseWheel", 500, 300, deltaX=0, deltaY=-2400)
    await wait_until(lambda: drawn(browser, alone, "marks"))
    zoomed = await browser.ask(ticks)
    assert zoomed != before
    await browser.mouse("mousePressed", 500, 300, button="left", clickCount=1)
    await browser.mouse("mouseMoved", 300, 300, button="left", buttons=1)
    await browser.mouse("mouseReleased", 300, 300, button="left", clickCount=1)

    async def moved() -> bool:
        return bool(await browser.ask(ticks) != zoomed)

    await wait_until(moved)
    await browser.ask("new Promise(done => setTimeout(done))")  # until then a click counts as the end of the drag
    await browser.click("#seam button[title='Show all of it']")
    await wait_until(lambda: drawn(browser, alone, "bins"))

    async def all_of_it() -> bool:
        return bool(await browser.ask(ticks) == before)

    await wait_until(all_of_it)


async def test_no_step_of_a_wheel_takes_long(browser: Browser, alone: SeamPages) -> None:
    alone.marks = (200, answer_of(many(2000)))
    await opened(browser, alone, "bins")
    await browser.ask("document.querySelector('#seam svg').focus()")
    steps = [await browser.worked()]
    for _ in range(30):
        await browser.mouse("mouseWheel", 500, 300, deltaX=0, deltaY=-120)
        await browser.ask("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => drawn(1))))")
        steps.append(await browser.worked())
    assert await drawn(browser, alone, "marks")
    assert max(after - before for before, after in pairwise(steps)) < 60


async def test_trouble_is_told_and_tried_again(browser: Browser, alone: SeamPages) -> None:
    alone.marks = (503, {"title": "Unavailable", "detail": "the database is away"})
    await browser.open(alone.url)
    await browser.shows("#seam .seam-state", "cannot be drawn: the database is away", "The list below tells the same")
    alone.marks = (200, answer_of(many(3)))
    await browser.click("#seam .seam-over button")
    await wait_until(lambda: drawn(browser, alone, "marks"))
    assert await browser.ask(f"{MARKS}.length") == 3


async def test_hostile_titles_are_words(browser: Browser, alone: SeamPages) -> None:
    marks = many(1)
    marks[0]["title"] = "<img src=x onerror=alert(1)> \u202e" + "W" * 300
    alone.marks = (200, answer_of(marks))
    await opened(browser, alone, "marks")
    assert await browser.ask("document.querySelectorAll('#seam img').length") == 0
    assert "<img" in await browser.ask("document.querySelector('#seam .label').textContent")
    await browser.ask("document.querySelector('#seam svg').focus()")
    await browser.press("ArrowRight")
    await browser.shows("#seam .seam-note", "<img src=x")
    assert complaints(browser) == []


@pytest.mark.parametrize("width", [360, 820])
async def test_it_goes_into_narrow_pages(browser: Browser, alone: SeamPages, width: int) -> None:
    alone.marks = (200, answer_of(many(40)))
    await browser.resize(width, 800)
    try:
        await opened(browser, alone, "marks")
        assert await browser.ask("document.documentElement.scrollWidth") <= width
        assert await browser.ask(f"{MARKS}.length") == 40
    finally:
        await browser.resize(1100, 900)
