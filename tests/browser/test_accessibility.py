"""What axe, which knows the guidelines (WCAG 2.2 AA), finds wrong with any page, in both themes: nothing."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from schemas.check_asyncapi import installed
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
TALKS = recording(
    "Talks in Geneva", "2020-06-29", type="negotiation", summary="They met in Geneva.", attributes={"rooms": 3},
    sources=[{"url": "https://example.org/talks"}], tags=["steel"],
)  # fmt: skip
RUMOUR = recording("A rumour", "2019", initiators=["IN"])
PATHS = [
    "/", "/timelines/CHN-IND/changes?since=2020-01-01T00:00:00Z",
    "/timelines/CHN-IND?include=retracted&type=ban&type=negotiation", "/timelines/AND-TUV", "/search",
    f"/events/{TALKS.event_id}", f"/events/{RUMOUR.event_id}", "/search?q=talks", "/timelines?a=Indai&b=Congo",
    "/timelines/CHN-IND?from=bad&type=bam", "/audit", "/audit/records", "/audit/records?problem=malformed",
    "/recorded/0:0", "/guide", "/post?country=China",
    f"/events/{TALKS.event_id}/correct", f"/events/{TALKS.event_id}/retract",
    "/timelines/CHN-IND/changes?since=2026-01-01T00:00:00Z", "/docs", "/problems", "/problems/bad-parameter",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FOUND = f"""axe.run({{runOnly: {json.dumps(RULES)}}}).then(({{violations}}) => violations.map(
    ({{id, help, nodes}}) => `${{id}}: ${{help}}: ${{nodes.map(({{html}}) => html.slice(0, 200)).join(" | ")}}`))"""


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        await running.append(TALKS, RUMOUR)
        position = await running.append(
            correcting(TALKS.event_id, "Talks in Vienna", "2020-06-29", type="negotiation"), retracting(RUMOUR.event_id)
        )
        await running.get("/v1/events", position, q="talks")
        yield running


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with open_browser(Path(tmp_path_factory.mktemp("profile"))) as opened:
        yield opened


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
async def test_axe_finds_nothing(stack: TimelineStack, browser: Browser, scheme: str, width: int) -> None:
    axe = (installed() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    await browser.prefer(scheme)
    await browser.resize(width, 900)
    for path in PATHS:
        await browser.open(f"{stack.client.base_url}{path}")
        await browser.shows("footer", "append-only log")
        await browser.ask(f"{axe};1")
        assert await browser.ask(FOUND) == [], path
    await browser.open(f"{stack.client.base_url}/embed/CHN-IND")
    await browser.shows("main", "The whole timeline")
    await browser.ask(f"{axe};1")
    assert await browser.ask(FOUND) == []
    for chip in ("dates", "types", "tags", "recorded"):
        await browser.open(f"{stack.client.base_url}/search?q=talks")
        await browser.shows("footer", "append-only log")
        await browser.click(f"#chip-{chip} summary")
        await browser.ask(f"{axe};1")
        assert await browser.ask(FOUND) == [], chip
