"""Bad input and trouble in a real browser: each has a page, or a line, that says so and what to do."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import recording, retracting
from tests.support.running.engines import Engines, own_postgres
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.countries import all_countries

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
SUMMIT = recording("Sixty sign", "2022-03-01", [code for code, _ in all_countries()][:60], type="agreement")
RUMOUR = recording("A rumour", "2019")
OLD = recording("The old order", "../2020")
HOSTILE = [
    recording("<script>document.title='owned'</script>", "2021", ["FR", "ES"], tags=["<i>tag"],
              actors=["</datalist><script>alert(2)</script>"], attributes={"</pre>": "<script>"}),
    recording("a \N{RIGHT-TO-LEFT OVERRIDE}drawkcab \N{RIGHT-TO-LEFT ISOLATE}title", "201X", ["FR", "ES"]),
    recording("W" * 300, "2020-06-XX~", ["FR", "ES"], actors=["A" * 300], tags=["t" * 64]),
    recording("🏳️‍🌈 emoji 👩‍👩‍👧‍👦", "2020", ["FR", "ES"]),
]  # fmt: skip


@pytest.fixture
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        await running.append(SUMMIT, RUMOUR, OLD, *HOSTILE, *(recording(f"visit {n}", "2000") for n in range(60)))
        await running.get("/v1/events", await running.append(retracting(RUMOUR.event_id)))
        yield running


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile"))) as opened:
        await opened.resize(390, 844)
        yield opened


async def test_what_is_wrong_is_said_with_what_to_do(stack: TimelineStack, browser: Browser) -> None:
    base = stack.client.base_url
    cursor = (await stack.get("/v1/timelines/CHN-IND", limit=10))["next"]
    for path, words in {
        "/timelines/AND-TUV": ["Nothing is recorded between Andorra and Tuvalu", "Post one"],
        "/timelines?a=Indai&b=Congo": [
            "“Indai” is not a country",
            "India",
            "could be several countries",
            "Did you mean",
        ],
        "/timelines/CHN-Indai": ["There is no such pair", "India"],
        "/search?country=Indai": ["That cannot be read", "IND India", "The same without country"],
        f"/events/{RUMOUR.event_id}": ["Retracted on", "it did not happen"],
        f"/events/{SUMMIT.event_id}": ["1,770 pairs of 60 countries", "Show the timeline"],
        f"/events/{OLD.event_id}": ["until 2020", "../2020"],
        "/timelines/CHN-IND?from=../2020": ["The old order"],
        "/timelines/CHN-IND?from=2020-13": ["That cannot be read", "from", "The same without from"],
        f"/timelines/CHN-IND?cursor={cursor}&type=ban": ["belongs to another query", "The same without cursor"],
        "/timelines/CHN-IND?cursor=of-yesterday": ["is not a cursor", "The same without cursor"],
        f"/timelines/CHN-IND?cursor={cursor}": ["Back to the beginning of the list"],
        "/timelines/CHN-IND?generation=7": ["There is no such generation"],
        "/audit/records?outcome=odd": ["is not one of", "The same without outcome"],
        "/recorded/0:999999": ["The log has no record at this position", "it ends before that"],
        "/nothing/here": ["There is nothing at this address", "Find a pair of countries"],
    }.items():
        await browser.open(f"{base}{path}")
        await browser.shows("main", *words)
        assert await browser.ask("document.documentElement.scrollWidth") <= 390, path


async def test_hostile_texts_are_texts(stack: TimelineStack, browser: Browser) -> None:
    before = list(browser.complaints)
    base = stack.client.base_url
    pages = ["/", "/timelines/ESP-FRA", "/search?q=emoji+or+title", "/guide", "/audit/records"]
    pages += [f"/events/{record.event_id}" for record in HOSTILE]
    for path in pages:
        await browser.open(f"{base}{path}")
        await browser.shows("footer", "append-only log")
        assert await browser.ask("document.title") != "owned"
        assert await browser.ask("document.documentElement.scrollWidth") <= 390, path
    await browser.open(f"{base}/search")
    await browser.click("#chip-tags summary")
    await browser.click("#actor")
    suggested = "[...document.querySelectorAll('#actors option')].map(each => each.value)"
    await wait_until(lambda: browser.ask(f"{suggested}.length"))
    assert "</datalist><script>alert(2)</script>" in await browser.ask(suggested)
    assert [each for each in browser.complaints if each not in before] == []


async def test_a_stream_that_is_cut_is_told_of_and_followed_again(stack: TimelineStack, browser: Browser) -> None:
    service = await stack.services.timeline("cut")
    await browser.open(f"{service.url}/timelines/CHN-IND")
    await wait_until(lambda: browser.ask("document.getElementById('news')?.dataset.following === ''"))
    await service.kill()
    await browser.shows("#news", "What is recorded now is not followed at the moment", "It is tried again")
    fresh = recording("during the cut", "2021")
    await stack.append(fresh)
    service.start()
    await service.ready()
    await browser.shows(".sentence", "62 events")
    await wait_until(lambda: browser.ask("document.getElementById('news')?.dataset.following === ''"))
    said = await browser.text("#news")
    assert said.startswith(("Followed again.", "Just recorded: during the cut")), said  # whichever came last


async def test_pages_say_so_while_the_database_is_away(engines: Engines, browser: Browser) -> None:
    async with own_postgres() as postgres, timeline_stack(replace(engines, database_url=postgres.address)) as stack:
        await stack.get("/v1/events", await stack.append(RUMOUR))
        base, event = stack.client.base_url, f"/events/{RUMOUR.event_id}"
        await browser.open(f"{base}/timelines/CHN-IND")
        await browser.shows("h1", "China – India")
        await postgres.stop()
        for path in ("/", "/timelines/CHN-IND", "/search", "/guide", event, "/audit/records", "/audit"):
            await browser.open(f"{base}{path}")
            await browser.shows("main", "503", "This cannot be shown now", "Try again")
        await postgres.start()
        await wait_until(lambda: answers(stack))
        await browser.click("main a[href='']")
        await browser.shows("h1", "Audit")


async def answers(stack: TimelineStack) -> bool:
    return (await stack.client.get("/readyz")).status_code == 200
