"""`/audit` in a real browser. What a replayer would do, the tests do."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import recording
from tests.support.running.acting_replayers import ActingReplayer, acting_replayer, difference, digest_of
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        await running.get("/v1/status", await running.append(*(recording(f"number {n}", "2020") for n in range(9))))
        yield running


@pytest.fixture(scope="module")
async def replayer(stack: TimelineStack) -> AsyncIterator[ActingReplayer]:
    async with acting_replayer(stack.services.database_url) as acting:
        yield acting


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile"))) as opened:
        yield opened


async def test_a_verification_is_asked_for_followed_and_shown(
    stack: TimelineStack, replayer: ActingReplayer, browser: Browser
) -> None:
    await browser.open(f"{stack.client.base_url}/audit")
    await browser.shows("#verdict", "Not verified yet")
    await browser.shows("#projection", "9 records", "9 applied")
    await browser.click("#verify")
    replay = await replayer.claim()
    await replayer.tell(replay, 3, 12)
    await browser.shows("#running", "Verify", "reading the log", "25 %", "3 of 12 records", "1,234 a second")
    assert await browser.ask("document.querySelector('#running progress').value") == 0.25
    await browser.click("#running summary")
    await browser.shows("#running tbody", "0 3 12 1.2 kB")
    await replayer.tell(replay, 12, 12, "comparing")
    await browser.shows("#running", "comparing")
    assert await browser.ask("document.querySelector('#running details').open")
    await replayer.finish(replay)
    await browser.shows("#verdict", "Equal", digest_of("whole"), "0:1, 1:1, 2:2", "1 rejected, 2 duplicate")
    await browser.shows("#replays", "Verify ✓ equal")
    await browser.shows("#said", "verify succeeded: equal")
    assert await browser.text("#running") == ""

    await browser.click("#rebuild")
    rebuild = await replayer.claim()
    await browser.shows("#running", "Rebuild")
    await browser.click("#rebuild")
    await browser.shows("#refusal", str(rebuild))
    await browser.click(f"#cancel-{rebuild}")
    await wait_until(lambda: replayer.replays.cancelling(rebuild))
    await replayer.give_up(rebuild, "cancelled")
    await browser.shows("#replays", "Rebuild cancelled")
    assert await browser.text("#refusal") == ""

    await browser.click("#verify")
    await replayer.finish(await replayer.claim(), difference(live="<b>Tampered</b>"), more=3)
    await browser.shows("#verdict", "Different from the log in 4 rows", digest_of("the log"))
    await browser.shows("#differences", "events title 80d5 · record 0:0 Shown <b>Tampered</b>", "3 more rows differ")

    await browser.click("#rebuild")
    await replayer.finish(await replayer.claim(), difference(), generation=2)
    await browser.shows("#verdict", "Since then generation 2, 1 row repaired: not verified yet")
    assert [words for words in browser.complaints if "409" not in words] == []


async def test_a_replay_has_a_page_that_goes_on_with_it(
    stack: TimelineStack, replayer: ActingReplayer, browser: Browser
) -> None:
    filed: dict[str, Any] = (await stack.client.post("/v1/replays", json={"kind": "verify"})).json()
    await browser.open(f"{stack.client.base_url}/audit/{filed['id']}")
    replay = await replayer.claim()
    await replayer.tell(replay, 3, 12)

    await browser.shows("#report", "3 of 12 records")
    await replayer.finish(replay, difference(field=None, live=None, log={"title": "Talks"}, position=None))
    await browser.shows(
        "#report",
        "Different in 1 row",
        'whole row 80d5 Shown no such row The log says {"title":"Talks"}',
        digest_of("pairs"),
    )
    await browser.click("a[href='/audit']")
    await browser.shows("#generations", "live")


async def test_it_reads_without_a_script_and_narrow(stack: TimelineStack, browser: Browser) -> None:
    answer = await stack.client.get("/audit")
    assert answer.status_code == 200
    assert "Not verified yet" in answer.text or "Different" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    head = await stack.client.head("/audit")
    assert (head.status_code, head.content) == (200, b"")
    assert "/audit" not in (await stack.client.get("/openapi.json")).text
    for path, status in (("/audit?colour=red", 400), ("/audit/4cb6d2a4-0000-4000-8000-000000000000", 404)):
        refusal = await stack.client.get(path)
        assert (refusal.status_code, refusal.headers["content-type"]) == (status, "text/html; charset=utf-8")
    await browser.resize(390, 700)
    await browser.open(f"{stack.client.base_url}/audit")
    await browser.shows("#generations", "live")
    await browser.click("#projection summary")
    await browser.shows("#projection td[data-label='Projected by']", "/")  # host/pid
    assert await browser.ask("document.documentElement.scrollWidth") <= 390
    off_screen = """[...document.querySelectorAll("main *")].filter(each => {
        const box = each.getBoundingClientRect();
        return each.checkVisibility() && box.width > 1 && (box.right > innerWidth + 1 || box.left < -1);
    }).map(each => each.outerHTML.slice(0, 80))"""
    assert await browser.ask(off_screen) == []
