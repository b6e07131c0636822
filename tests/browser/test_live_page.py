"""A pair's page that stays open: what is recorded meanwhile comes into its list and graphic."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import correcting, recording
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
FIRST = recording("the first event", "2020-01-01")


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        await running.get("/v1/timelines/IN-CN", await running.append(FIRST))
        yield running


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile"))) as opened:
        yield opened


async def test_what_is_recorded_comes_into_the_list(stack: TimelineStack, browser: Browser) -> None:
    await browser.open(f"{stack.client.base_url}/timelines/CHN-IND")
    await browser.shows("#list", "the first event")
    await browser.shows("#seam", "Above the seam")
    await wait_until(lambda: browser.ask("document.getElementById('news')?.dataset.following === ''"))
    fresh = recording("the second event", "2021-01-01")
    await stack.append(fresh)
    await browser.shows("#list", "the first event", "the second event")
    await browser.shows(".sentence", "2 events between 2020 and 2021")
    await browser.shows("#news", "Just recorded: the second event")
    assert await browser.ask(f"document.getElementById('e-{fresh.event_id}').className") == "fresh"
    await stack.append(correcting(FIRST.event_id, "the first, corrected", "2020-01-01"))
    await browser.shows("#list", "the first, corrected")
    assert browser.complaints == []


async def test_the_list_goes_with_the_days_of_the_graphic(stack: TimelineStack, browser: Browser) -> None:
    years = [recording(f"of {year}", f"{year}-05-05", ["FR", "ES"]) for year in range(1950, 2010)]
    await stack.get("/v1/timelines/FR-ES", await stack.append(*years))
    await browser.prefer(still=True)
    await browser.open(f"{stack.client.base_url}/timelines/ESP-FRA")
    below = (
        "document.querySelector('#list').textContent.includes('of 1980')"  # laid out, and seen, only once it is near
    )
    await browser.shows("#list", "of 1950")
    assert await browser.ask(below)
    await wait_until(lambda: browser.ask("document.querySelectorAll('#seam .mark').length === 60"))
    await browser.ask("document.querySelector('#seam svg').focus()")
    await browser.press("End")
    for _ in range(5):
        await browser.press("+", "+")
    await browser.shows("#list", "As in the graphic", "of 2009")
    assert not await browser.ask(below)
    assert await browser.ask("document.querySelector('#list [aria-current]').textContent.includes('of 2009')")
    fresh = recording("found meanwhile", "2009-05-06", ["FR", "ES"])
    await stack.append(fresh)
    await browser.shows("#list", "As in the graphic", "found meanwhile")
    await browser.ask("document.querySelector('#list li').click()")  # the list leads, and stays as it is
    await browser.shows("#list", "As in the graphic")
    await browser.ask("document.querySelector('#seam svg').focus()")
    await browser.press("0", "0")
    await browser.shows("#list", "of 1950")
    assert await browser.ask(below)
    assert "As in the graphic" not in await browser.text("#list")
    assert browser.complaints == []
