"""Corrections and retractions in bulk: taken in like a bulk of events, and answered by line."""

import tracemalloc
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from tests.support.inputs.log_writing import read_log
from tests.support.running.ingesting import JSON, NDJSON, an_event, ingest_client

from event_schemas.positions import format_position, parse_positions
from event_schemas.records import Record, decode

CHANGES = "/v1/changes"


@pytest.fixture
async def client(kafka: str, topic: str) -> AsyncIterator[httpx.AsyncClient]:
    async with ingest_client(kafka, topic) as client:
        yield client


def correcting(event_id: str, title: str = "better", **fields: Any) -> dict[str, Any]:
    return {"action": "correct", "id": event_id, "reason": "a typo", "event": an_event(title), **fields}


def retracting(event_id: str, **fields: Any) -> dict[str, Any]:
    return {"action": "retract", "id": event_id, "reason": "it did not happen", **fields}


def lines(*changes: Any) -> bytes:
    return b"".join(orjson.dumps(change) + b"\n" for change in changes)


async def post(client: httpx.AsyncClient, body: Any, **parameters: str) -> tuple[httpx.Response, list[dict[str, Any]]]:
    answer = await client.post(CHANGES, content=body, params=parameters, headers=NDJSON)
    return answer, [orjson.loads(line) for line in answer.content.splitlines()]


async def records(kafka: str, topic: str) -> dict[str, Record]:
    return {
        format_position(item.partition, item.offset): decode(item.key, item.value, item.headers)
        for item in await read_log(kafka, topic)
    }


async def test_changes_are_in_the_log_where_the_answer_says(client: httpx.AsyncClient, kafka: str, topic: str) -> None:
    ids = [str(uuid4()) for _ in range(3)]
    body = lines(
        correcting(ids[0], "first", expected_revision=3),
        retracting(ids[1].upper(), duplicate_of=ids[0]),
        correcting(ids[2], "last"),
    )
    answer, results = await post(client, body, results="all", batch="mending-1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    *told, summary = results
    assert [(item["line"], item["status"], item["id"]) for item in told] == [
        (number, 202, event_id) for number, event_id in enumerate(ids, 1)
    ]
    assert (summary["recorded"], summary["refused"], summary["unknown"]) == (3, 0, 0)
    assert answer.headers["timeline-position"] == summary["timeline_position"]
    found = await records(kafka, topic)
    first, second, third = (found[item["position"]] for item in told)
    assert (first.action, first.event_id, first.expected_revision, first.reason) == ("corrected", ids[0], 3, "a typo")
    assert (second.action, second.event_id, second.duplicate_of) == ("retracted", ids[1], ids[0])
    assert third.event is not None
    assert third.event_json["title"] == "last"
    assert {record.batch for record in found.values()} == {"mending-1"}
    assert [first.accepted_at, second.accepted_at] < [second.accepted_at, third.accepted_at]


async def test_what_is_wrong_is_named_by_line_and_the_rest_recorded(client: httpx.AsyncClient) -> None:
    event_id = str(uuid4())
    body = (
        lines(retracting(event_id))
        + b"\n{\n"
        + lines({"action": "undo", "id": event_id}, correcting(event_id, expected_revision=0), [], an_event())
        + b'{"action": "retract", "id": "' + b"x" * 300_000 + b'"}\n'
        + lines(correcting(event_id))
    )  # fmt: skip
    answer, (*refused, summary) = await post(client, body)
    assert answer.status_code == 200
    assert [(item["line"], item["status"]) for item in refused] == [
        (3, 400), (4, 422), (5, 422), (6, 422), (7, 422), (8, 413),
    ]  # fmt: skip
    pointers = [[error["pointer"] for error in item["problem"]["errors"]] for item in refused]
    assert pointers == [[], ["/action"], ["/expected_revision"], [""], ["/action"], []]
    assert (summary["recorded"], summary["refused"], summary["unknown"]) == (2, 6, 0)
    assert parse_positions(summary["timeline_position"])


async def test_an_empty_body_is_an_answer_without_lines(client: httpx.AsyncClient) -> None:
    answer, results = await post(client, b"")
    assert answer.status_code == 200
    assert results == [{"recorded": 0, "refused": 0, "unknown": 0, "timeline_position": ""}]


async def test_what_is_not_ndjson_is_refused(client: httpx.AsyncClient) -> None:
    body = lines(retracting(str(uuid4())))
    wrong = await client.post(CHANGES, content=body, headers=JSON)
    assert (wrong.status_code, wrong.json()["type"]) == (415, "/problems/unsupported-media-type")
    assert "application/x-ndjson" in wrong.json()["detail"]
    keyed = await client.post(CHANGES, content=body, headers={**NDJSON, "idempotency-key": "k"})
    assert (keyed.status_code, keyed.json()["type"]) == (422, "/problems/refused-request")
    for parameters in ({"validate": "only"}, {"existing": "correct", "reason": "r"}, {"batch": "a b"}):
        refused = await client.post(CHANGES, params=parameters, content=body, headers=NDJSON)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["pointer"].removeprefix("/") in parameters


async def test_many_changes_take_little_memory(client: httpx.AsyncClient) -> None:
    async def body(count: int) -> AsyncIterator[bytes]:
        for number in range(count):
            yield lines(*(retracting(str(uuid4()), expected_revision=1 + number) for _ in range(100)))

    await post(client, body(20))  # what is made once
    peaks = []
    for count in (50, 200):
        tracemalloc.start()
        _, (summary,) = await post(client, body(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert summary["recorded"] == 100 * count
    assert peaks[1] < 1.5 * peaks[0]
