import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.processes import Services
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.positions import parse_position
from event_schemas.records import Record


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        yield running


async def outcomes(stack: TimelineStack, *records: Record) -> list[dict[str, Any]]:
    """What became of records, appended one after the other."""
    positions = await stack.log.append(*records)
    return [await stack.get(f"/v1/records/{position}", wait=20) for position in positions]


async def test_every_verdict_can_be_asked_for(stack: TimelineStack) -> None:
    event = recording("one")
    found = await outcomes(
        stack,
        event,
        event,
        recording("two", event_id=event.event_id),
        correcting(event.event_id, "one"),
        correcting(event.event_id, "two", expected_revision=7),
        correcting(event.event_id, "two", expected_revision=1),
        retracting(event.event_id),
        retracting(event.event_id),
        correcting(str(uuid4())),
    )
    assert [(item["outcome"], item.get("problem"), item.get("revision")) for item in found] == [
        ("applied", None, 1),
        ("duplicate", None, 1),
        ("rejected", "conflict", 1),
        ("rejected", "no-change", 1),
        ("rejected", "stale-revision", 1),
        ("applied", None, 2),
        ("applied", None, 3),
        ("rejected", "already-retracted", 3),
        ("rejected", "unknown-event", None),
    ]
    assert found[1]["duplicate_of"] == found[0]["position"]
    assert found[0]["event_id"] == event.event_id
    assert found[0]["recorded_at"].endswith("Z")


async def test_bytes_that_are_not_ours_have_an_outcome(stack: TimelineStack) -> None:
    position = await stack.log.append_bytes(b"key", b"garbage")
    found = await stack.get(f"/v1/records/{position}", wait=20)
    assert (found["outcome"], found["problem"], found["event_id"]) == ("rejected", "malformed", None)
    assert "value is" in found["detail"]


async def test_a_record_that_is_not_there_yet_is_waited_for(stack: TimelineStack) -> None:
    position = await stack.append(recording())
    partition, offset = parse_position(position)
    following = f"{partition}:{offset + 1}"
    problem = await stack.refusal(f"/v1/records/{following}")
    assert (problem["status"], problem["type"]) == (404, "/problems/not-yet")
    problem = await stack.refusal(f"/v1/records/{following}?wait=0.2")
    assert problem["type"] == "/problems/not-yet"
    waiting = asyncio.create_task(stack.get(f"/v1/records/{following}", wait=30))
    while not waiting.done():
        await stack.append(recording())
    assert (await waiting)["outcome"] == "applied"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/records/x", 400),
        ("/v1/records/3:0", 400),
        ("/v1/records/0:-1", 400),
        ("/v1/records/0:1?wait=31", 400),
        ("/v1/records/0:1?wait=nan", 400),
        ("/v1/records/0:1?colour=red", 400),
        ("/v1/events/x", 400),
        ("/v1/events/5f0c1f39-0000-4000-8000-000000000000", 404),
        ("/v1/events/1B4E28BA-2FA1-51D2-883F-0016D3CCA427", 404),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(stack: TimelineStack, path: str, status: int) -> None:
    await stack.get("/v1/records/" + (await stack.log.append(recording()))[0], wait=20)
    assert (await stack.refusal(path))["status"] == status


async def test_an_event_reads_as_it_was_posted(stack: TimelineStack) -> None:
    event = recording(
        "Ban on apps", "2020-06-29", ["India", "China", "US"], initiators=["IN"], summary="Two\nlines", tags=["apps"],
        actors=["TikTok"], sources=[{"url": "https://example.org/a"}], codes={"cameo": "163"}, goldstein=-8,
        attributes={"number": 59, "deep": {"a": [1.5, None]}}, stage="in_force", domain="technology",
    )  # fmt: skip
    position = await stack.append(event)
    found = await stack.get(f"/v1/events/{event.event_id}", position)
    assert found["pairs"] == ["CHN-IND", "IND-USA"]
    assert (found["title"], found["summary"], found["goldstein"]) == ("Ban on apps", "Two\nlines", -8)
    assert found["attributes"] == {"number": 59, "deep": {"a": [1.5, None]}}
    assert found["actors"] == [{"name": "TikTok"}]
    assert (found["earliest"], found["latest"], found["precision"]) == ("2020-06-29", "2020-06-29", "day")
    assert found["position"] == position
    timeline = await stack.get("/v1/timelines/IN-US")
    assert found in timeline["items"]
    assert found not in (await stack.get("/v1/timelines/CN-US"))["items"]


async def test_status_counts_every_record(stack: TimelineStack) -> None:
    event = recording()
    position = await stack.append(event, event, correcting(str(uuid4())), retracting(event.event_id))
    body = await stack.get("/v1/status", position)
    assert body["topic"] == stack.services.topic
    assert (body["generation"], body["lag"], body["last_verification"]) == (1, 0, None)
    records = body["records"]
    assert records["total"] == sum(item["log_end"] for item in body["partitions"])
    assert records["total"] == sum(records[name] for name in ("applied", "duplicate", "rejected", "parked"))
    for item in body["partitions"]:
        assert (item["log_start"], item["next_offset"], item["lag"]) == (0, item["log_end"], 0)
    assert [item["partition"] for item in body["partitions"]] == [0, 1, 2]


async def test_the_lag_is_unknown_until_a_projector_has_run(services: Services) -> None:
    services.migrate()
    service = await services.timeline()
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as client:
        body = (await client.get("/v1/status")).json()
        assert (body["lag"], body["partitions"], body["records"]["total"]) == (None, [], 0)
        assert (await client.get("/v1/timelines/IN-CN")).json()["items"] == []
        connection = await asyncpg.connect(services.database_url)
        try:  # a projector that has taken only one of three
            await connection.execute(
                "insert into timeline_g1.checkpoints (partition, next_offset, epoch, owner, cluster_id, "
                "partition_count, applied, duplicate, rejected, parked) values (1, 0, 1, 'x', 'y', 3, 0, 0, 0, 0)"
            )
        finally:
            await connection.close()
        body = (await client.get("/v1/status")).json()
        assert body["lag"] == 0
        assert [(item["partition"], item["owner"]) for item in body["partitions"]] == [(0, None), (1, "x"), (2, None)]


async def test_what_may_be_written_is_listed(stack: TimelineStack) -> None:
    countries = (await stack.get("/v1/countries"))["items"]
    assert {"code": "IND", "name": "India"} in countries
    types = (await stack.get("/v1/types"))["items"]
    (visit,) = [item for item in types if item["code"] == "visit"]
    assert (visit["valence"], visit["cameo"], visit["plover"]) == ("cooperative", ["042", "043", "044"], ["CONSULT"])
    assert visit["description"].endswith(".")
    metrics = await stack.client.get("/metrics")
    assert metrics.status_code == 200
