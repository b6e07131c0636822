"""The tour in a browser that runs no script: reading, writing with date help, correcting, retracting, verifying."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
TALKS = recording("Talks in Geneva", "2020-06-29", type="negotiation", tags=["border"])


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """With an ingest service to write to, and a replayer that verifies."""
    port = str(free_port())
    async with timeline_stack(engines, INGEST_URL=f"http://127.0.0.1:{port}") as running:
        await running.services.ingest(INGEST_PORT=port)
        await running.services.replayer()
        await running.get("/v1/events", await running.append(TALKS), q="talks")
        yield running


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile")), "--blink-settings=scriptEnabled=false") as opened:
        await opened.resize(1000, 900)
        yield opened


async def open_page(browser: Browser, stack: TimelineStack, path: str) -> None:
    await browser.open(f"{stack.client.base_url}{path}")
    await browser.shows("footer", "append-only log")


def complaints(browser: Browser) -> list[str]:
    """What pages have complained of, but for the answer to a form that was refused."""
    return [words for words in browser.complaints if "status of 422" not in words]


async def test_an_event_is_posted_corrected_and_retracted(stack: TimelineStack, browser: Browser) -> None:
    await open_page(browser, stack, "/timelines/CHN-IND")
    assert await browser.ask("document.querySelector('#seam svg')") is None, "no script runs"
    await browser.click("a[href^='/post?country=']")
    await browser.shows("h1", "Post an event")
    assert await browser.values("[name=country]") == ["China", "India", "", ""]
    await browser.write("#title", "India hosts a summit")
    await browser.write("#when", "31/12/2020")
    await browser.choose("#type", "visit")
    await browser.write("[name=tag]", "Summit")
    await browser.click("button[value=check]")
    await browser.shows("[role=alert]", "Not recorded. 2 things have to be put right")
    await browser.shows("#when-refused-1", "is not a date: write EDTF")
    await browser.shows("#tags .refusal", "upper-case letter: write 'summit'")
    assert await browser.ask("document.querySelector('#when').ariaInvalid") == "true"
    assert await browser.values("#title, #type, [name=country]") == [
        "India hosts a summit",
        "China",
        "India",
        "",
        "",
        "visit",
    ]

    await browser.write("#when", "June 2025")
    await browser.write("[name=tag]", "summit")
    await browser.click("button[value=check]")
    await browser.shows("section[role=status]", "This will be recorded", "June 2025 2025-06", "China, India")
    assert await browser.values("#when") == ["2025-06"], "the date as it will be sent"
    await browser.click("button[value=record]")
    await browser.shows("main", "It is applied, and shown from now on.")
    await browser.click("main a[href^='/events/']")
    await browser.shows("h1", "India hosts a summit")

    await browser.click("#history a[href$='/correct']")
    await browser.shows("h1", "Correct: India hosts a summit")
    await browser.write("#title", "India hosts a meeting")
    await browser.write("#reason", "it was no summit")
    await browser.click("button[value=check]")
    await browser.shows("section[role=status]", "India hosts a meeting")
    await browser.click("button[value=record]")
    await browser.shows("main", "It is applied")
    await browser.click("main a[href^='/events/']")
    await browser.shows("#revision-2", "Corrected: it was no summit", "summit meeting")

    await browser.click("#history a[href$='/retract']")
    await browser.write("#reason", "it was called off")
    await browser.click("form[action$='/retract'] button")
    await browser.shows("main", "It is applied")
    await browser.click("main a[href^='/events/']")
    await browser.shows("[role=note]", "Retracted on", "it was called off")
    await open_page(browser, stack, "/timelines/CHN-IND")
    assert "India hosts" not in await browser.text("#list")
    assert complaints(browser) == []


async def test_a_list_is_filtered_by_names_and_searched(stack: TimelineStack, browser: Browser) -> None:
    await open_page(browser, stack, "/timelines/CHN-IND")
    await browser.click("#chip-tags summary")
    await browser.write("#tag", "border")
    await browser.click("#chip-tags button")
    await browser.shows("#chip-tags.active", "border")
    await browser.shows("#list", "Talks in Geneva")
    assert await browser.ask("location.search") == "?tag=border"
    await browser.click("nav a[href='/search']")
    await browser.write("#q", "geneva -vienna")
    await browser.click("form[role=search] button")
    await browser.shows("h1", "geneva -vienna")
    await browser.shows("#list", "Talks in Geneva")


async def test_a_verification_is_started_and_its_end_is_seen_by_loading_again(
    stack: TimelineStack, browser: Browser
) -> None:
    await open_page(browser, stack, "/audit")
    await browser.click("#verify")
    await browser.shows("#report", "Verify")

    async def ended() -> bool:
        await browser.open(await browser.ask("location.href"))
        await browser.shows("footer", "append-only log")
        return "Equal" in await browser.text("#report")

    await browser.shows("h1", "Verify of")
    await wait_until(ended, 60)
    await browser.click("main a[href='/audit']")
    await browser.shows("#verdict", "Equal: every row is as the log says")
    assert complaints(browser) == []


async def test_what_was_rejected_is_found_without_a_position(stack: TimelineStack, browser: Browser) -> None:
    event = recording("A claim", "2001")
    position = await stack.append(
        event, recording("Another claim", "2001", event_id=event.event_id)._replace(batch="feed-7")
    )
    await stack.get("/v1/status", position)
    await open_page(browser, stack, "/audit")
    await browser.click("#projection a[href='/audit/records?outcome=rejected']")
    await browser.shows(".records", "rejected", "A claim", "conflict: An event with this id says something else")
    await browser.click(".records a[href='/audit/records?batch=feed-7']")
    await browser.shows(".records", "A claim", "feed-7")
    await browser.choose("#problem", "malformed")
    await browser.click(".record-filters button")
    await browser.shows("main", "No record is of that kind")
    await browser.click("main .nothing a")
    await browser.click(".records a[href^='/recorded/']")
    await browser.shows("[role=alert]", "It was not applied: conflict")
    await browser.click("main a[href^='/events/']")
    await browser.shows("h1", "A claim")


async def test_the_guide_leads_to_what_is_recorded(stack: TimelineStack, browser: Browser) -> None:
    await open_page(browser, stack, "/")
    await browser.click("header a[href='/guide']")
    await browser.shows("main", "How to read it", "TIMELINE_READING_ORIGINS", "June 2025", "<iframe src=")
    links = await browser.ask(
        "[...document.querySelectorAll('main a[href^=\"/\"]')].map(each => each.getAttribute('href'))"
    )
    assert len(links) > 20
    for path in sorted(set(links)):
        if not path.endswith("/live"):
            answer = await stack.client.get(path)
            assert answer.status_code == 200, path
