"""The tour with scripts, as somebody with a mouse takes it: from two names to an event that is retracted again.

Its parts are tests in this order, each of which begins at the page where it stands.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import correcting, recording
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
CLASH = recording("A clash", "1962-10-20/1962-11-21", type="armed_clash")
TALKS = recording(
    "Talks in Geneva", "2020-06-29", type="negotiation", tags=["border"], actors=["Ministry of Commerce"],
    sources=[{"url": "https://example.org/", "publisher": "Le Monde"}],
)  # fmt: skip
#: The years along the axis, and what else is written in the graphic.
WRITTEN = "document.querySelector('#seam svg[data-drawn]')?.textContent ?? ''"


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    port = str(free_port())
    async with timeline_stack(engines, INGEST_URL=f"http://127.0.0.1:{port}") as running:
        await running.services.ingest(INGEST_PORT=port)
        await running.services.replayer()
        await running.get("/v1/events", await running.append(CLASH, TALKS))
        yield running


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile"))) as opened:
        await opened.prefer(still=True)
        await opened.resize(1100, 900)
        yield opened


async def test_a_pair_is_found_read_zoomed_and_filtered(stack: TimelineStack, browser: Browser) -> None:
    await browser.open(f"{stack.client.base_url}/")
    await browser.shows("main", "Which two countries?", "China – India")
    await browser.write("#a", "india")
    await browser.write("#b", "PRC")
    await browser.click(".finder button")
    await browser.shows("h1", "China – India")
    await browser.shows("#list", "A clash", "Talks in Geneva")
    whole = await wait_until(lambda: browser.ask(WRITTEN))
    await browser.click("#seam button[aria-label='Zoom in']")
    await wait_until(lambda: browser.ask(f"({WRITTEN}) !== {whole!r} && ({WRITTEN})"))
    await browser.click("#chip-tags summary")
    await browser.write("#tag", "bo")
    await wait_until(lambda: browser.ask("document.querySelector('#tags option')?.value === 'border'"))
    assert await browser.ask("document.querySelector('#tags option').label") == "border · 1 event"
    await browser.write("#tag", "border")
    await browser.click("#chip-tags button")
    await browser.shows(".sentence", "1 of 2 events")
    await browser.click("a.clear")
    await browser.shows(".sentence", "2 events")
    assert browser.complaints == []


async def test_what_is_recorded_is_followed_and_its_past_shown(stack: TimelineStack, browser: Browser) -> None:
    before = (await stack.get(f"/v1/events/{TALKS.event_id}"))["recorded_at"]
    await browser.open(f"{stack.client.base_url}/timelines/CHN-IND")
    await browser.shows("#list", "A clash", "Talks in Geneva")
    await wait_until(lambda: browser.ask("document.getElementById('news')?.dataset.following === ''"))
    await stack.append(correcting(TALKS.event_id, "Talks in Vienna", "2020-06-29", type="negotiation", tags=["border"]))
    await browser.shows("#list", "A clash", "Talks in Vienna")
    await browser.click("#chip-recorded summary")
    await browser.write("#as_of", before)
    await browser.click("#chip-recorded button")
    await browser.shows("#list", "Talks in Geneva")
    await browser.click(".downloads a[href*='/changes']")
    await browser.write("#since", before)
    await browser.click(".finder button")
    await browser.shows(".revisions", "changed", "Talks in Vienna", "Geneva Vienna")
    await browser.click(".revisions a.what")
    await browser.shows("#revision-2", "Corrected: a better source")
    await browser.click("nav a[href='/search']")
    await browser.write("#q", "vienna")
    await browser.click("form[role=search] button")
    await browser.shows("#list mark", "Vienna")
    assert browser.complaints == []


async def test_a_verification_is_started_and_followed_to_its_end(stack: TimelineStack, browser: Browser) -> None:
    await browser.open(f"{stack.client.base_url}/search")
    await browser.click("nav a[href='/audit']")
    await browser.shows("#verdict", "Not verified yet")
    await browser.click("#verify")
    await browser.shows("#verdict", "Equal: every row is as the log says")
    assert browser.complaints == []


async def test_an_event_is_posted_corrected_and_retracted(stack: TimelineStack, browser: Browser) -> None:
    await browser.open(f"{stack.client.base_url}/")
    await browser.click("nav a[href='/post']")
    await browser.write("#title", "A visit to Delhi")
    await browser.write("#when", "spring 2021")
    await browser.write("[name=country]", "China")
    await browser.write("[name=country][aria-label='Country 2']", "India")
    await browser.choose("#type", "visit")
    await browser.write("[name=tag]", "bor")
    await wait_until(lambda: browser.ask("document.querySelector('#known-tags option')?.value === 'border'"))
    await browser.click("button[value=check]")
    await browser.shows("section[role=status]", "This will be recorded", "spring 2021")
    await browser.click("button[value=record]")
    await browser.shows("main", "It is applied")
    await browser.click("main a[href^='/events/']")
    await browser.click("#history a[href$='/correct']")
    await browser.write("#title", "A visit to Mumbai")
    await browser.write("#reason", "another city")
    await browser.click("button[value=check]")
    await browser.shows("section[role=status]", "A visit to Mumbai")
    await browser.click("button[value=record]")
    await browser.shows("main", "It is applied")
    await browser.click("main a[href^='/events/']")
    await browser.shows("#revision-2", "Corrected: another city", "Delhi Mumbai")
    await browser.click("#history a[href$='/retract']")
    await browser.write("#reason", "it did not happen")
    await browser.click("form[action$='/retract'] button")
    await browser.shows("main", "It is applied")
    await browser.click("main a[href^='/events/']")
    await browser.shows("[role=note]", "Retracted on", "it did not happen")
    assert browser.complaints == []
