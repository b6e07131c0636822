"""Emmett's measure: eight writers, four rebuilds meanwhile, and nothing missing. Readers notice none of the swaps."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.support.clients.event_streams import Listener, listening
from tests.support.inputs.log_writing import read_log
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.replaying import replayed, verified

from event_schemas.positions import parse_positions

_WRITERS = 8
_REBUILDS = 4
_PAIRS = (["IN", "CN"], ["IN", "US"], ["CN", "US", "FR"], ["DE", "FR"])


@dataclass
class Story:
    """What the writers have been promised."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: int = 0
    events: list[str] = field(default_factory=list)


async def test_eight_writers_and_four_rebuilds_lose_nothing_and_readers_notice_nothing(services: Services) -> None:
    services.migrate()
    ingest, timeline = await services.ingest(), await services.timeline()
    await services.projector()
    await services.replayer()
    story = Story()
    async with (
        httpx.AsyncClient(base_url=ingest.url, timeout=30, trust_env=False) as writer,
        httpx.AsyncClient(base_url=timeline.url, timeout=30, trust_env=False) as reader,
        listening(reader, "/v1/live") as told,
    ):
        work = [asyncio.create_task(write(writer, reader, story, seed)) for seed in range(_WRITERS)]
        work += [asyncio.create_task(read(reader, story)) for read in (page, look)]
        for number in range(_REBUILDS):
            view = await replayed(services, "rebuild")
            assert view["state"] == "succeeded", view
            assert view["result"]["equal"], view["result"]
            assert view["result"]["generation"] == number + 2
            await verified(services)
            assert not any(task.done() for task in work), "a writer or reader has given up"
        story.over.set()
        await asyncio.gather(*work)
        tables = await projected(services, generation=_REBUILDS + 1)
        result = await verified(services)
        records = await read_log(services.bootstrap_servers, services.topic)
        assert len(records) == story.acknowledged == len(tables.revisions) + len(tables.outcomes)
        assert sum(result["next_offsets"].values()) == len(records)
        assert {row.event_id for row in tables.revisions} == set(story.events)
        await all_told(told, len(records))


async def write(writer: httpx.AsyncClient, reader: httpx.AsyncClient, story: Story, seed: int) -> None:
    """Post, correct and retract; find each time what was just written."""
    chance = random.Random(seed)
    mine: list[str] = []
    while not story.over.is_set():
        event: dict[str, Any] = {"title": f"{seed}, no. {len(mine)}", "type": "other"}
        event |= {"when": str(chance.randint(1950, 2025)), "countries": chance.choice(_PAIRS)}
        if mine and chance.random() < 0.5:
            changed = chance.choice(mine)
            body: dict[str, Any] = {"reason": "of late"}
            kind = chance.choice(("corrections", "retractions"))
            body |= {"event": event} if kind == "corrections" else {}
            answer = await writer.post(f"/v1/events/{changed}/{kind}", json=body)
        else:
            answer = await writer.post("/v1/events", json=event)
            mine.append(answer.json()["id"])
            story.events.append(mine[-1])
        assert answer.status_code in {201, 202}, answer.text
        story.acknowledged += 1
        position = answer.headers["timeline-position"]
        found = await reader.get(f"/v1/records/{position}", headers={"timeline-position": position})
        assert found.status_code == 200, found.text
        assert found.json()["outcome"] in {"applied", "rejected"}


async def page(reader: httpx.AsyncClient, story: Story) -> None:
    """Page through a pair again and again: each time all that its first page counts, none of it twice."""
    while not story.over.is_set():
        answer = await reader.get("/v1/timelines/IN-CN", params={"limit": 20, "count": "true"})
        seen: list[str] = []
        while True:
            assert answer.status_code == 200, answer.text
            body = answer.json()
            seen += [item["id"] for item in body["items"]]
            if body["next"] is None:
                break
            answer = await reader.get(
                "/v1/timelines/IN-CN", params={"limit": 20, "count": "true", "cursor": body["next"]}
            )
        assert len(seen) == len(set(seen)) == body["count"]


async def look(reader: httpx.AsyncClient, story: Story) -> None:
    """Read without a position: no answer is older than one before it."""
    before: dict[int, int] = {}
    while not story.over.is_set():
        answer = await reader.get("/v1/events", params={"limit": 5, "q": "no"})
        assert answer.status_code == 200, answer.text
        now = parse_positions(answer.headers.get("timeline-position", ""))
        assert all(now.get(partition, -1) >= offset for partition, offset in before.items()), (before, now)
        before = now


async def all_told(told: Listener, records: int) -> None:
    """Each record was told once."""
    events = await told.heard(records)
    positions = [event.data["position"] for event in events]
    assert len(positions) == len(set(positions)) == records
