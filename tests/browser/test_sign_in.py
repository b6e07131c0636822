"""Signing in, writing and signing out in a real browser, and what axe finds wrong with the page: nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from schemas.check_asyncapi import installed
from tests.browser.test_accessibility import FOUND
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.running.token_files import bearing, write_tokens
from tests.support.waiting import wait_until

from service_edge.access.roles import EVERY_ROLE
from service_edge.access.tokens import make_token

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
EVENT = recording("Talks in Geneva", "2020-06-29", type="negotiation")
TOKEN = "document.querySelector('#token').value = {!r}"


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    file = tmp_path_factory.mktemp("doors") / "tokens.jsonl"
    return {"file": str(file), **write_tokens(file, {"ada": EVERY_ROLE})}


@pytest.fixture(scope="module")
async def stack(engines: Engines, tokens: dict[str, str]) -> AsyncIterator[TimelineStack]:
    port = str(free_port())
    settings = {"TIMELINE_TOKENS_FILE": tokens["file"], "INGEST_URL": f"http://127.0.0.1:{port}"}
    async with timeline_stack(engines, **settings) as running:
        await running.services.ingest(INGEST_PORT=port, INGEST_TOKENS_FILE=tokens["file"])
        running.client.headers.update(bearing(tokens["ada"]))
        await running.get("/v1/status", await running.append(EVENT))
        yield running


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with open_browser(tmp_path / "profile") as opened:
        yield opened


async def test_a_reader_signs_in_writes_and_signs_out(
    stack: TimelineStack, tokens: dict[str, str], browser: Browser
) -> None:
    path = f"/events/{EVENT.event_id}/retract"
    await browser.open(f"{stack.client.base_url}{path}")
    await browser.shows("h1", "Sign in")
    await browser.ask(TOKEN.format(make_token()))
    await browser.click(".event-form button")
    await browser.shows("[role=alert]", "Not signed in.")
    await browser.ask(TOKEN.format(tokens["ada"]))
    await browser.click(".event-form button")
    await browser.shows("h1", "Retract: Talks in Geneva")
    await browser.shows(".caller", "ada", "Sign out")
    assert await browser.ask("document.cookie") == ""
    await browser.ask("document.querySelector('#reason').value = 'a rumour'")
    await browser.click(".event-form button")
    await browser.shows("[role=status]", "It is applied")
    history = await stack.get(f"/v1/events/{EVENT.event_id}/revisions")
    assert [item["principal"] for item in history["items"]] == ["anonymous", "ada"]
    await browser.open(f"{stack.client.base_url}/audit")
    await browser.click("#verify")
    await browser.shows("#running", "Verify")
    await browser.click(".caller button")
    await browser.shows("h1", "Sign in")
    await browser.open(f"{stack.client.base_url}/search")

    async def is_led_to_sign_in() -> bool:
        return bool(await browser.ask("location.search === '?next=%2Fsearch'"))

    await wait_until(is_led_to_sign_in)


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
async def test_axe_finds_nothing(
    stack: TimelineStack, tokens: dict[str, str], browser: Browser, scheme: str, width: int
) -> None:
    axe = (installed() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    await browser.prefer(scheme)
    await browser.resize(width, 900)
    await browser.open(f"{stack.client.base_url}/sign-in")

    async def finds_nothing() -> None:
        await browser.shows("footer", "append-only log")
        await browser.ask(f"{axe};1")
        assert await browser.ask(FOUND) == []

    await finds_nothing()
    await browser.ask(TOKEN.format("dyl_"))
    await browser.click(".event-form button")
    await browser.shows("[role=alert]", "copy all of it, once")
    await finds_nothing()
    await browser.ask(TOKEN.format(tokens["ada"]))
    await browser.click(".event-form button")
    await browser.shows(".caller", "ada")
    await finds_nothing()
