"""A body full of mistakes holds nobody up: who sent it is told all of them, and others get their turn meanwhile."""

import asyncio

import httpx
import orjson
import pytest
from tests.support.running.ingesting import JSON, NDJSON, an_event

from ingest_service.api import bulk, events
from ingest_service.app import create_app
from ingest_service.settings import Settings

EVENTS = [an_event("a mistake", countries=[f"Xnd{name}ia{event}" for name in range(60)]) for event in range(60)]
BODIES = {
    "an array": (orjson.dumps(EVENTS), JSON),
    "lines": (b"\n".join(map(orjson.dumps, EVENTS)), NDJSON),
    "types": (orjson.dumps([an_event("a mistake", type="x" * 100_000) for _ in range(60)]), JSON),
}


@pytest.mark.parametrize("kind", BODIES)
async def test_others_get_their_turn_while_mistakes_are_told(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (bulk, events):
        monkeypatch.setattr(module, "TURN_SECONDS", 0)  # else a quick machine tells several mistakes in a turn
    body, headers = BODIES[kind]
    app = create_app(Settings())
    app.state.log = None  # nothing is recorded
    transport = httpx.ASGITransport(app=app)
    turns = 0

    async def look() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001") as client:
        looking = asyncio.create_task(look())
        answer = await client.post("/v1/events", params={"validate": "only"}, content=body, headers=headers)
        looking.cancel()
    assert answer.status_code == 200
    assert answer.text.count('"status":422') >= len(EVENTS)
    assert turns >= len(EVENTS) - 1  # between them
