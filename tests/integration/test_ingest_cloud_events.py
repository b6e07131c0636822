"""CloudEvents whose data is an event: their ids, their origins, and what is required of them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from tests.support.inputs.log_writing import read_log
from tests.support.running.ingesting import JSON, an_event, ingest_client

from event_schemas.events import id_from_origin
from event_schemas.records import Record, decode

ATTRIBUTES = {"specversion": "1.0", "source": "/feeds/é", "type": "org.example.event"}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
BATCH = {"content-type": "application/cloudevents-batch+json"}


@pytest.fixture
async def client(kafka: str, topic: str) -> AsyncIterator[httpx.AsyncClient]:
    async with ingest_client(kafka, topic) as client:
        yield client


def cloud(identifier: str, title: str = "cloud", **fields: Any) -> dict[str, Any]:
    return {**ATTRIBUTES, "id": identifier, "data": an_event(title, **fields)}


async def post(client: httpx.AsyncClient, value: Any, headers: dict[str, str]) -> httpx.Response:
    return await client.post("/v1/events", content=orjson.dumps(value), headers=headers)


async def records(kafka: str, topic: str) -> list[Record]:
    return [decode(item.key, item.value, item.headers) for item in await read_log(kafka, topic)]


async def test_the_origin_makes_the_id_whatever_the_words_are(
    client: httpx.AsyncClient, kafka: str, topic: str
) -> None:
    first = (await post(client, cloud("1"), STRUCTURED)).json()["id"]
    again = (await post(client, cloud("1", "other words"), STRUCTURED)).json()["id"]
    other = (await post(client, cloud("2"), STRUCTURED)).json()["id"]
    keyed = (await post(client, cloud("1"), {**STRUCTURED, "idempotency-key": "k"})).json()["id"]
    assert first == again == keyed == id_from_origin("/feeds/é", "1")
    assert other == id_from_origin("/feeds/é", "2")
    assert {record.origin for record in await records(kafka, topic)} == {("/feeds/é", "1"), ("/feeds/é", "2")}


async def test_an_event_with_an_id_keeps_it_and_its_origin(client: httpx.AsyncClient, kafka: str, topic: str) -> None:
    event_id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    assert (await post(client, cloud("1", id=event_id), STRUCTURED)).json()["id"] == event_id
    (record,) = await records(kafka, topic)
    assert (record.event_id, record.origin) == (event_id, ("/feeds/é", "1"))


async def test_headers_say_the_same_as_an_envelope(client: httpx.AsyncClient, kafka: str, topic: str) -> None:
    headers = {**JSON, "ce-specversion": "1.0", "ce-id": "a%20b", "ce-source": "/feeds/%C3%A9", "CE-Type": "t"}
    assert (await post(client, an_event(), headers)).json()["id"] == id_from_origin("/feeds/é", "a b")
    (record,) = await records(kafka, topic)
    assert record.origin == ("/feeds/é", "a b")


@pytest.mark.parametrize("missing", ["ce-specversion", "ce-id", "ce-source", "ce-type"])
async def test_a_header_that_is_required_is_missed(client: httpx.AsyncClient, missing: str) -> None:
    headers = {**JSON, "ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t"}
    answer = await post(client, an_event(), {name: value for name, value in headers.items() if name != missing})
    assert answer.status_code == 422
    assert [item["pointer"] for item in answer.json()["errors"]] == [missing.replace("ce-", "/")]


async def test_a_header_given_twice_is_refused(client: httpx.AsyncClient) -> None:
    headers = [(b"content-type", b"application/json"), *((b"ce-id", value) for value in (b"1", b"2"))]
    headers += [(b"ce-specversion", b"1.0"), (b"ce-source", b"s"), (b"ce-type", b"t")]
    answer = await client.post("/v1/events", content=orjson.dumps(an_event()), headers=headers)
    assert answer.status_code == 422
    assert "more than once" in answer.json()["detail"]


async def test_the_envelope_does_not_count_as_the_event(client: httpx.AsyncClient) -> None:
    held = cloud("1", snippet="x" * 262_000) | {"extension": "e" * 1000}
    over = cloud("2", snippet="x" * 262_144)
    assert (await post(client, held, STRUCTURED)).status_code == 201
    assert (await post(client, over, STRUCTURED)).status_code == 413
    answer = await post(client, [held, over], BATCH)
    assert [item["status"] for item in answer.json()["results"]] == [201, 413]


async def test_a_batch_answers_by_index(client: httpx.AsyncClient, kafka: str, topic: str) -> None:
    answer = await post(client, [cloud("1"), {**cloud("2"), "specversion": "0.3"}, cloud("3", when="soon")], BATCH)
    assert answer.status_code == 207
    good, old, undated = answer.json()["results"]
    assert (good["status"], good["id"]) == (201, id_from_origin("/feeds/é", "1"))
    assert [item["pointer"] for item in old["problem"]["errors"]] == ["/specversion"]
    assert [item["pointer"] for item in undated["problem"]["errors"]] == ["/data/when"]
    assert answer.headers["timeline-position"] == answer.json()["timeline_position"] == good["position"]
    assert len(await records(kafka, topic)) == 1
    assert (await post(client, [], BATCH)).json() == {"results": [], "timeline_position": ""}
    assert (await post(client, [cloud("1")] * 1_001, BATCH)).status_code == 422


async def test_validate_only_reads_an_envelope_and_records_nothing(
    client: httpx.AsyncClient, kafka: str, topic: str
) -> None:
    for value, headers in ((cloud("1"), STRUCTURED), ([cloud("1")], BATCH)):
        answer = await client.post("/v1/events?validate=only", content=orjson.dumps(value), headers=headers)
        assert answer.status_code == 200
        event = answer.json() if headers is STRUCTURED else answer.json()["results"][0]["event"]
        assert (event["id"], event["countries"]) == (id_from_origin("/feeds/é", "1"), ["CHN", "IND"])
    assert await records(kafka, topic) == []
