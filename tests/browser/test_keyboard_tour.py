"""The whole tour by keyboard alone, in front of all real services: keys and written words, and no step of a mouse.

The focus is never lost, and always seen: each step of the keyboard asserts it.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.clients.keyboards import Keyboard
from tests.support.inputs.log_writing import correcting, recording
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
CLASH = recording("A clash", "1962-10-20/1962-11-21", type="armed_clash")
SUMMIT = recording("A summit", "2009-06-16", type="consultation", initiators=["CN"])
TALKS = recording("Talks in Geneva", "2020-06-29", type="negotiation")
BAN = recording("A ban of apps", "2020-09-02", type="ban", initiators=["IN"])
RUMOUR = recording("A rumour", "2021-03", ["FR", "ES"], type="other")
DRAWING: Final = "#seam .seam-drawing"
SPOKEN: Final = "#seam [aria-live]"


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """All services, and four events of a pair."""
    port = str(free_port())
    async with timeline_stack(engines, INGEST_URL=f"http://127.0.0.1:{port}") as running:
        await running.services.ingest(INGEST_PORT=port)
        await running.services.replayer()
        position = await running.append(CLASH, SUMMIT, TALKS, BAN, RUMOUR)
        await running.get("/v1/events", position, q="talks")
        yield running


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile"))) as opened:
        await opened.prefer(still=True)
        await opened.resize(1100, 900)
        yield opened


@pytest.fixture
async def keyboard(stack: TimelineStack, browser: Browser) -> AsyncIterator[Keyboard]:
    """A keyboard at the home page, of which nothing has complained in the end."""
    browser.complaints.clear()
    await browser.open(f"{stack.client.base_url}/")
    await browser.shows("h1", "Which two countries?")
    await wait_until(lambda: browser.ask("document.readyState === 'complete'"))  # with its styles
    yield Keyboard(browser)
    assert [
        words for words in browser.complaints if "status of 404" not in words
    ] == []  # a page that asks again is one


async def at_pair(keyboard: Keyboard) -> None:
    """From the home page to the pair, its graphic drawn."""
    await keyboard.goes_to("#a")
    await keyboard.writes("india")
    await keyboard.goes_to("#b")
    await keyboard.writes("china")
    await keyboard.opens("China – India")
    await drawn(keyboard, 4)


async def drawn(keyboard: Keyboard, marks: int) -> None:
    """Wait until so many marks are drawn."""
    found = "document.querySelectorAll('#seam .mark').length"
    await wait_until(lambda: keyboard.browser.ask(f"{found} === {marks}"))


async def test_a_pair_is_found_and_read(keyboard: Keyboard) -> None:
    browser = keyboard.browser
    await keyboard.goes_to(".skip")
    await keyboard.presses("Enter")
    assert await browser.ask("document.activeElement.id") == "main"
    await keyboard.goes_to("#a")
    await keyboard.writes("Indi")
    offered = "[...document.activeElement.list.options].map(({value}) => value)"
    assert [name for name in await browser.ask(offered) if name.startswith("Indi")] == ["India"]
    await keyboard.writes("Indai")
    await keyboard.goes_to("#b")
    await keyboard.writes("china")
    await keyboard.opens("Which two countries?")  # and says what may have been meant
    await keyboard.goes_to("#a-refused a")
    await keyboard.opens("China – India")
    await browser.shows("#list", "A clash", "A summit", "Talks in Geneva", "A ban of apps")
    await keyboard.goes_to(".sentence a[href='#list']")
    await keyboard.presses("Enter")
    await keyboard.goes_to("#list .what")


async def test_a_chip_filters_list_and_graphic(keyboard: Keyboard) -> None:
    await at_pair(keyboard)
    await keyboard.goes_to("#chip-types summary")
    await keyboard.presses("Enter")
    await keyboard.goes_to("#chip-types input[value=negotiation]")
    await keyboard.presses(" ")
    await keyboard.goes_to("#chip-types button")
    await keyboard.opens("China – India")
    await keyboard.browser.shows(".sentence", "1 of 4 events in 2020")
    await drawn(keyboard, 1)
    await keyboard.goes_to(".clear")
    await keyboard.opens("China – India")
    await drawn(keyboard, 4)


async def test_the_graphic_is_zoomed_and_gone_through(keyboard: Keyboard) -> None:
    browser = keyboard.browser
    await at_pair(keyboard)
    await keyboard.goes_to(DRAWING)
    ticks = "[...document.querySelectorAll('#seam .tick-words')].map(({textContent}) => textContent).join()"
    whole = await browser.ask(ticks)
    await keyboard.presses("ArrowRight")
    await browser.shows(SPOKEN, "20 October – 21 November 1962: A clash. both acted")
    await keyboard.presses("ArrowRight")
    await browser.shows(SPOKEN, "16 June 2009: A summit. China acted")
    await keyboard.presses("+", "+", "+", "+")
    await wait_until(lambda: browser.ask(f"{ticks} !== '{whole}'"))
    await keyboard.presses("End")
    await browser.shows(SPOKEN, "2 September 2020: A ban of apps. India acted")
    await keyboard.presses("ArrowLeft")
    await browser.shows(SPOKEN, "29 June 2020: Talks in Geneva")
    await keyboard.presses("Home")
    await browser.shows(SPOKEN, "A clash")
    await keyboard.presses("-", "-", "-", "-")
    await wait_until(lambda: browser.ask(f"{ticks} === '{whole}'"))
    await keyboard.goes_to("#seam button[title='Zoom in']", back=True)
    await keyboard.presses("Enter", " ")
    await wait_until(lambda: browser.ask(f"{ticks} !== '{whole}'"))
    await keyboard.goes_to("#seam button[title='Show all of it']")
    await keyboard.presses("Enter")  # which then has no more to show, and keeps the focus
    await wait_until(lambda: browser.ask("document.activeElement.ariaDisabled === 'true'"))
    await keyboard.goes_to(DRAWING)
    await keyboard.presses("Home")
    await keyboard.goes_to(f"#seam .seam-note a[href='#e-{CLASH.event_id}']")
    await keyboard.presses("Enter")
    assert await browser.ask("document.activeElement.id") == f"e-{CLASH.event_id}"
    await keyboard.goes_to(DRAWING, back=True)
    await keyboard.presses("Escape")
    await wait_until(lambda: browser.ask("document.querySelectorAll('#list [aria-current]').length === 0"))
    await keyboard.presses("Escape")
    await keyboard.goes_to(DRAWING, back=True)
    await keyboard.presses("End")
    await keyboard.opens("A ban of apps")


async def test_time_is_travelled_and_what_changed_is_seen(stack: TimelineStack, keyboard: Keyboard) -> None:
    browser = keyboard.browser
    before = max(
        [(await stack.get(f"/v1/events/{each.event_id}"))["recorded_at"] for each in (CLASH, TALKS, BAN, SUMMIT)]
    )
    mended = correcting(SUMMIT.event_id, "A summit", "2009-07-20", type="consultation", initiators=["CN"])
    await stack.get("/v1/timelines/IN-CN", await stack.append(mended))
    await at_pair(keyboard)
    await browser.shows("#list", "20 July 2009")
    await keyboard.goes_to("#chip-recorded summary")
    await keyboard.presses("Enter")
    await keyboard.goes_to("#as_of")
    await keyboard.writes(before)
    await keyboard.opens("China – India")
    await browser.shows("#list", "16 June 2009")
    await keyboard.goes_to(".downloads a[href*='/changes']")
    await keyboard.opens("What has changed")
    await browser.shows("main", "A summit", "corrected")
    await wait_until(lambda: browser.ask("document.querySelectorAll('#seam .way').length === 1"))
    await keyboard.goes_to(DRAWING)
    await keyboard.presses("ArrowRight")
    await browser.shows(SPOKEN, "A summit. China acted", "moved: it was 16 June 2009")


async def test_an_event_is_opened_and_others_are_searched(keyboard: Keyboard) -> None:
    browser = keyboard.browser
    await at_pair(keyboard)
    await keyboard.goes_to(f"#e-{TALKS.event_id} .what")
    await keyboard.opens("Talks in Geneva")
    await keyboard.goes_to("header a[href='/search']")
    await keyboard.opens("Search")
    await keyboard.goes_to("#q")
    await keyboard.writes("geneva")
    await keyboard.opens("geneva")
    await browser.shows("#list", "Talks in Geneva")


async def test_a_verification_is_started_and_followed(keyboard: Keyboard) -> None:
    browser = keyboard.browser
    await keyboard.goes_to("header a[href='/audit']")
    await keyboard.opens("Audit")
    await keyboard.goes_to("#verify")
    await keyboard.presses("Enter")
    await browser.shows("#verdict", "Equal: every row is as the log says")
    await browser.shows("#said", "verify succeeded: equal")
    await keyboard.sees()
    await keyboard.goes_to("#replays a")


async def test_an_event_is_posted_corrected_and_retracted(keyboard: Keyboard) -> None:
    browser = keyboard.browser
    await keyboard.goes_to("header a[href='/post']")
    await keyboard.opens("Post an event")
    await keyboard.goes_to("#title")
    await keyboard.writes("Talks by keyboard")
    await keyboard.goes_to("#when")
    await keyboard.writes("June 2025")
    for name in ("India", "China"):
        await keyboard.goes_to("[name=country]")
        await keyboard.writes(name)
    await keyboard.goes_to("#type")
    await keyboard.presses("n")  # a key chooses the first that begins so
    assert await browser.ask("document.activeElement.value") == "negotiation"
    await keyboard.goes_to("button[value=check]")
    await keyboard.opens("Post an event")
    await browser.shows("form", "This will be recorded", "2025-06")
    await keyboard.goes_to("button[value=record]")
    await keyboard.opens("Recorded")
    await keyboard.goes_to("main .more a")
    await keyboard.opens("Talks by keyboard")

    await keyboard.goes_to("#history a[href$='/correct']")
    await keyboard.opens("Correct")
    await keyboard.goes_to("#title")
    await keyboard.writes("Talks, corrected")
    await keyboard.goes_to("#reason")
    await keyboard.writes("a slip of the pen")
    await keyboard.goes_to("button[value=check]")
    await keyboard.opens("Correct")
    await keyboard.goes_to("button[value=record]")
    await keyboard.opens("Recorded")
    await keyboard.goes_to("main .more a")
    await keyboard.opens("Talks, corrected")

    await keyboard.goes_to("#history a[href$='/retract']")
    await keyboard.opens("Retract")
    await keyboard.goes_to("#reason")
    await keyboard.writes("it never happened")
    await keyboard.opens("Recorded")
    await keyboard.goes_to("main .more a")
    await keyboard.opens("Talks, corrected")
    await browser.shows(".notice", "Retracted", "it never happened")
