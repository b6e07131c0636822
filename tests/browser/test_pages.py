"""Pages in a real browser, first without scripts: the tour from two names to an event, at the width of a phone."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import correcting, recording
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
CLASH = recording("A clash", "1962-10-20/1962-11-21", type="armed_clash")
TALKS = recording("Talks in Geneva", "2020-06-29", type="negotiation")
PATHS = ("/", "/timelines/CHN-IND", "/timelines/ESP-FRA", "/search", "/timelines?a=q&b=r")
LONG = recording("W" * 300, "2020", ["FR", "ES"], actors=["A" * 300], tags=["t" * 64])


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        await running.append(CLASH, TALKS, LONG)
        position = await running.append(correcting(TALKS.event_id, "Talks in Vienna", "2020-06-29", type="negotiation"))
        await running.get("/v1/events", position, q="talks")
        yield running


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile")), "--blink-settings=scriptEnabled=false") as opened:
        yield opened


async def write(browser: Browser, selector: str, words: str) -> None:
    """Write into a field, as a keyboard does."""
    await browser.click(selector)
    await browser.type(words)


async def test_without_scripts_two_names_lead_to_an_event(stack: TimelineStack, browser: Browser) -> None:
    await browser.open(f"{stack.client.base_url}/")
    await browser.shows("main", "Which two countries?", "China – India", "2 events · 1962 – 2020")
    await write(browser, "#a", "india")
    await write(browser, "#b", "China")
    await browser.click(".finder button")
    await browser.shows("h1", "China – India")
    await browser.click("#chip-types summary")
    await browser.click("#chip-types input[value=negotiation]")
    await browser.click("#chip-types button")
    await browser.shows(".sentence", "1 of 2 events in 2020")
    assert await browser.ask("location.search") == "?type=negotiation"
    await browser.shows("#list", "Talks in Vienna")
    await browser.click("#list .history a")
    await browser.shows("#revision-2", "Corrected: a better source", "Talks in Geneva Vienna")
    assert await browser.ask("location.hash") == "#history"
    await browser.click("nav a[href='/search']")
    await browser.shows("h1", "Search")
    await write(browser, "#q", "vienna")
    await browser.click("form[role=search] button")
    await browser.shows("#list", "Talks in Vienna", "negotiation")
    assert browser.complaints == []


@pytest.mark.parametrize("width", [320, 390, 820, 1440])
async def test_nothing_is_off_screen_at_any_width(stack: TimelineStack, browser: Browser, width: int) -> None:
    await browser.resize(width, 800)
    base = stack.client.base_url
    for path in (
        "/",
        "/timelines/CHN-IND",
        "/timelines/ESP-FRA",
        f"/events/{LONG.event_id}",
        "/search",
        "/timelines?a=q&b=r",
        "/guide",
        "/audit",
        "/audit/records",
        "/post",
        f"/events/{TALKS.event_id}/correct",
        "/timelines/CHN-IND/changes?since=2026-01-01T00:00:00Z",
    ):
        await browser.open(f"{base}{path}")
        await browser.shows("footer", "append-only log")
        assert await browser.ask("document.documentElement.scrollWidth") <= width, path
        wide = """[...document.querySelectorAll("main *")].filter(each => {
            const box = each.getBoundingClientRect();
            const seen = each.checkVisibility() && box.width > 1 && !each.closest("pre, svg");
            return seen && (box.right > innerWidth + 1 || box.left < -1);
        }).map(each => each.outerHTML.slice(0, 80))"""
        assert await browser.ask(wide) == [], path


@pytest.mark.parametrize("width", [780, 1440])
async def test_a_scrollbar_that_takes_room_pushes_nothing_off_screen(
    stack: TimelineStack, tmp_path: Path, width: int
) -> None:
    async with open_browser(tmp_path) as browser:
        await browser.show_scrollbars(width, 300)
        for path in ("/", "/guide", "/timelines/CHN-IND", "/audit/records", "/embed/CHN-IND"):
            await browser.open(f"{stack.client.base_url}{path}")
            await wait_until(partial(browser.ask, "document.readyState === 'complete' && location.pathname.length > 0"))
            shown, room = await browser.ask(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            )
            assert room < width, path
            assert shown == room, path


async def test_every_panel_of_a_chip_can_be_seen(stack: TimelineStack, browser: Browser) -> None:
    for width in (390, 820, 1440):
        await browser.resize(width, 900)
        await browser.open(f"{stack.client.base_url}/timelines/CHN-IND")
        await browser.shows("footer", "append-only log")
        for chip in await browser.ask("[...document.querySelectorAll('.chip')].map(each => each.id)"):
            await browser.click(f"#{chip} summary")
            box = await browser.ask(f"document.querySelector('#{chip} .panel').getBoundingClientRect().toJSON()")
            assert box["width"] > 200
            assert box["left"] >= 0
            assert box["right"] <= width
            await browser.click(f"#{chip} summary")
