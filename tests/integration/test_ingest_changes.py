from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from tests.support.inputs.log_writing import read_log
from tests.support.running.ingesting import JSON, TIMELINE_URL, an_event, ingest_client

from event_schemas.positions import format_position
from event_schemas.records import Record, decode

OTHER = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


@pytest.fixture
async def client(kafka: str, topic: str) -> AsyncIterator[httpx.AsyncClient]:
    async with ingest_client(kafka, topic) as client:
        yield client


async def change(
    client: httpx.AsyncClient, what: str, body: Any, event_id: str | None = None, **headers: str
) -> httpx.Response:
    path = f"/v1/events/{event_id or uuid4()}/{what}"
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return await client.post(path, content=content, headers={**JSON, **headers})


async def records(kafka: str, topic: str) -> dict[str, Record]:
    return {
        format_position(item.partition, item.offset): decode(item.key, item.value, item.headers)
        for item in await read_log(kafka, topic)
    }


async def test_a_correction_is_in_the_log_where_the_answer_says(
    client: httpx.AsyncClient, kafka: str, topic: str
) -> None:
    event_id = str(uuid4())
    body = {"reason": "a better source", "event": an_event("better", id=event_id), "expected_revision": 3}
    answer = await change(client, "corrections", body, event_id.upper())
    assert answer.status_code == 202, answer.text
    assert answer.json().keys() == {"id", "position", "recorded_at"}
    position = answer.json()["position"]
    assert answer.headers["location"] == f"{TIMELINE_URL}/v1/records/{position}"
    assert answer.headers["timeline-position"] == position
    record = (await records(kafka, topic))[position]
    assert (record.action, record.event_id, record.reason) == ("corrected", event_id, "a better source")
    assert record.expected_revision == 3
    assert record.event is not None
    assert record.event_json["title"] == "better"


async def test_a_retraction_is_in_the_log_where_the_answer_says(
    client: httpx.AsyncClient, kafka: str, topic: str
) -> None:
    event_id = str(uuid4())
    answer = await change(client, "retractions", {"reason": "twice", "duplicate_of": OTHER}, event_id)
    assert answer.status_code == 202, answer.text
    record = (await records(kafka, topic))[answer.json()["position"]]
    assert (record.action, record.event_id, record.duplicate_of) == ("retracted", event_id, OTHER)
    assert answer.json()["id"] == event_id


async def test_a_change_that_is_posted_again_is_the_same_record_if_it_can_be_told(
    client: httpx.AsyncClient, kafka: str, topic: str
) -> None:
    event_id = str(uuid4())
    for headers, body, times in (
        ({"idempotency-key": "k"}, {"reason": "a"}, 1),
        ({"idempotency-key": '"l"'}, {"reason": "a"}, 1),
        ({}, {"reason": "a", "expected_revision": 1}, 1),
        ({}, {"reason": "a"}, 2),
    ):
        before = {record.record_id for record in (await records(kafka, topic)).values()}
        for _ in range(2):
            assert (await change(client, "retractions", body, event_id, **headers)).status_code == 202
        after = {record.record_id for record in (await records(kafka, topic)).values()}
        assert len(after - before) == times, (headers, body)


@pytest.mark.parametrize(
    ("what", "body", "status", "pointer"),
    [
        ("corrections", {"event": an_event()}, 422, "/reason"),
        ("corrections", {"reason": " ", "event": an_event()}, 422, "/reason"),
        ("corrections", {"reason": "r"}, 422, "/event"),
        ("corrections", {"reason": "r", "event": an_event(when="2025-02-29")}, 422, "/event/when"),
        ("corrections", {"reason": "r", "event": an_event(id=OTHER)}, 422, "/event/id"),
        ("corrections", {"reason": "r", "event": an_event(), "expected_revision": 0}, 422, "/expected_revision"),
        ("corrections", {"reason": "r", "event": an_event(), "duplicate_of": OTHER}, 422, "/duplicate_of"),
        ("retractions", {}, 422, "/reason"),
        ("retractions", {"reason": "r", "duplicate_of": "x"}, 422, "/duplicate_of"),
        ("retractions", {"reason": "r", "expected_revision": "1"}, 422, "/expected_revision"),
        ("retractions", [], 422, ""),
        ("retractions", b"{", 400, None),
        ("corrections", {"reason": "r", "event": an_event(attributes={"a": "x" * 262_144})}, 413, None),
    ],
)
async def test_what_is_wrong_with_a_change_is_refused(
    client: httpx.AsyncClient, kafka: str, topic: str, what: str, body: Any, status: int, pointer: str | None
) -> None:
    answer = await change(client, what, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [item["pointer"] for item in answer.json()["errors"]] == ([] if pointer is None else [pointer])
    assert await read_log(kafka, topic) == []


async def test_an_event_of_almost_256_kib_can_be_corrected(client: httpx.AsyncClient) -> None:
    event = an_event(sources=[{"url": "https://example.org/" + "x" * 2020, "title": "t" * 300}] * 50, snippet="")
    event["snippet"] = "x" * (262_144 - len(orjson.dumps(event)))
    posted = await client.post("/v1/events", json=event)
    assert posted.status_code == 201, posted.text[:500]
    answer = await change(client, "corrections", {"reason": "r" * 10_000, "event": event}, posted.json()["id"])
    assert answer.status_code == 202, answer.text


async def test_an_id_that_is_no_uuid_is_400(client: httpx.AsyncClient) -> None:
    answer = await change(client, "retractions", {"reason": "r"}, "7")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/event_id"
