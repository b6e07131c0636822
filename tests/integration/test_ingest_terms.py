"""What an address says of all records that a request brings: that they correct what is there, and why."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from tests.support.inputs.log_writing import read_log
from tests.support.running.ingesting import JSON, NDJSON, an_event, ingest_client

from event_schemas.records import Record, decode

CORRECT = {"existing": "correct", "reason": " as the feed\nhas it "}
CLOUD = {"specversion": "1.0", "id": "7", "source": "https://example.org/feed", "type": "org.example.event"}
BINARY = {**JSON, **{f"ce-{name}": value for name, value in CLOUD.items()}}
CLOUD_EVENT = {"content-type": "application/cloudevents+json"}
CLOUD_EVENTS = {"content-type": "application/cloudevents-batch+json"}
#: Every way in for events: its headers, its body, and the status of its answer.
WAYS_IN = {
    "one": (JSON, orjson.dumps(an_event("one")), 201),
    "an array": (JSON, orjson.dumps([an_event("one"), an_event("two")]), 201),
    "lines": (NDJSON, b"\n".join(map(orjson.dumps, [an_event("one"), an_event("two")])), 200),
    "a CloudEvent": (CLOUD_EVENT, orjson.dumps({**CLOUD, "data": an_event("one")}), 201),
    "CloudEvents": (CLOUD_EVENTS, orjson.dumps([{**CLOUD, "data": an_event("one")}]), 201),
    "binary": (BINARY, orjson.dumps(an_event("one")), 201),
}


@pytest.fixture
async def client(kafka: str, topic: str) -> AsyncIterator[httpx.AsyncClient]:
    async with ingest_client(kafka, topic) as client:
        yield client


async def records(kafka: str, topic: str) -> list[Record]:
    return [decode(item.key, item.value, item.headers) for item in await read_log(kafka, topic)]


async def post(client: httpx.AsyncClient, way: str, parameters: dict[str, str]) -> httpx.Response:
    headers, body, _ = WAYS_IN[way]
    return await client.post("/v1/events", params=parameters, content=body, headers=headers)


@pytest.mark.parametrize("way", WAYS_IN)
async def test_events_correct_what_is_there_on_every_way_in(
    client: httpx.AsyncClient, kafka: str, topic: str, way: str
) -> None:
    answer = await post(client, way, CORRECT)
    assert answer.status_code == WAYS_IN[way][2], answer.text
    told = await records(kafka, topic)
    assert told
    assert {(each.action, each.on_existing, each.reason) for each in told} == {
        ("recorded", "correct", "as the feed\nhas it")
    }


@pytest.mark.parametrize("way", WAYS_IN)
async def test_events_carry_the_name_of_their_load_on_every_way_in(
    client: httpx.AsyncClient, kafka: str, topic: str, way: str
) -> None:
    name = "gdelt-2026-02-13:export.CSV_1"
    answer = await post(client, way, {"batch": name})
    assert answer.status_code == WAYS_IN[way][2], answer.text
    again = await post(client, way, {"batch": name, **CORRECT})
    assert again.status_code == WAYS_IN[way][2], again.text
    told = await records(kafka, topic)
    assert {(each.on_existing, each.batch) for each in told} == {(None, name), ("correct", name)}


@pytest.mark.parametrize(
    ("what", "body"),
    [("corrections", {"reason": "typo", "event": an_event("b")}), ("retractions", {"reason": "false"})],
)
async def test_changes_carry_the_name_of_their_load(
    client: httpx.AsyncClient, kafka: str, topic: str, what: str, body: dict[str, Any]
) -> None:
    path = f"/v1/events/{uuid4()}/{what}"
    assert (await client.post(path, params={"batch": "b" * 128}, json=body)).status_code == 202
    assert [each.batch for each in await records(kafka, topic)] == ["b" * 128]
    for name in ("", " ", "b" * 129, "a b", "é", "a/b"):
        answer = await client.post(path, params={"batch": name}, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/batch")
    for other in ({"existing": "correct"}, {"reason": "typo"}):
        assert (await client.post(path, params=other, json=body)).status_code == 400


async def test_the_name_of_a_load_changes_no_id(client: httpx.AsyncClient) -> None:
    plain, one, other = [await post(client, "one", name) for name in ({}, {"batch": "1"}, {"batch": "2"})]
    assert plain.json()["id"] == one.json()["id"] == other.json()["id"]


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize(
    ("parameters", "name", "words"),
    [
        ({"existing": "correct"}, "reason", "is required with existing=correct"),
        ({"existing": "correct", "reason": ""}, "reason", "0 characters"),
        ({"existing": "correct", "reason": " "}, "reason", "0 characters"),
        ({"existing": "correct", "reason": "a\0b"}, "reason", "U+0000"),
        ({"existing": "correct", "reason": "r" * 10_001}, "reason", "10001 characters"),
        ({"existing": "keep", "reason": "r"}, "existing", "'correct'"),
        ({"existing": ""}, "existing", "'correct'"),
        ({"reason": "r"}, "reason", "is for existing=correct"),
        ({"batch": ""}, "batch", "cannot name a load: write 1 to 128 letters"),
        ({"batch": "b" * 129}, "batch", "cannot name a load"),
        ({"batch": "feed of today"}, "batch", "cannot name a load"),
        ({"batch": "a,b"}, "batch", "cannot name a load"),
        ({"batch": "a\n"}, "batch", "cannot name a load"),
    ],
)
async def test_a_refusal_names_the_parameter_and_records_nothing(
    way: str, parameters: dict[str, str], name: str, words: str
) -> None:
    async with ingest_client("127.0.0.1:1", "none", ready=False) as client:
        answer = await post(client, way, parameters)
    assert answer.status_code == 400, answer.text
    problem: dict[str, Any] = answer.json()
    assert [item["pointer"] for item in problem["errors"]] == [f"/{name}"]
    assert words in problem["errors"][0]["detail"]
    assert name in problem["detail"]


async def test_only_validating_says_what_would_be_recorded(client: httpx.AsyncClient, kafka: str, topic: str) -> None:
    plain = await post(client, "one", {"validate": "only"})
    told = await post(client, "one", {"validate": "only", **CORRECT})
    assert told.status_code == plain.status_code == 200
    assert told.json() == plain.json()
    assert await records(kafka, topic) == []
