from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from tests.support.inputs.log_writing import read_log
from tests.support.running.ingesting import JSON, NDJSON, TIMELINE_URL, an_event, ingest_client

from event_schemas.events import id_from_key, id_from_origin
from event_schemas.positions import format_position, parse_positions
from event_schemas.records import decode
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess

CLOUD = {"specversion": "1.0", "id": "7", "source": "https://example.org/feed", "type": "org.example.event"}
ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


@pytest.fixture(scope="module")
async def shared_topic(engines: Any) -> str:
    name = f"test.{uuid4().hex}"
    await create_topic(KafkaAccess(engines.bootstrap_servers), name, partitions=3)
    return name


@pytest.fixture(scope="module")
async def client(engines: Any, shared_topic: str) -> AsyncIterator[httpx.AsyncClient]:
    async with ingest_client(engines.bootstrap_servers, shared_topic) as client:
        yield client


async def post(client: httpx.AsyncClient, value: Any, path: str = "/v1/events", **headers: str) -> httpx.Response:
    content = value if isinstance(value, bytes) else orjson.dumps(value)
    return await client.post(path, content=content, headers={**JSON, **headers})


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail", "instance", "errors"} <= problem.keys()
    return problem


async def test_one_event_is_recorded_where_the_answer_says(
    client: httpx.AsyncClient, kafka: str, shared_topic: str
) -> None:
    answer = await post(client, an_event("recorded", initiators=["IN"]))
    assert answer.status_code == 201
    body = answer.json()
    assert body["pairs"] == ["CHN-IND"]
    assert answer.headers["location"] == f"{TIMELINE_URL}/v1/events/{body['id']}"
    assert answer.headers["timeline-position"] == body["position"]
    found = {format_position(item.partition, item.offset): item for item in await read_log(kafka, shared_topic)}
    record = found[body["position"]]
    assert record.key == body["id"].encode()
    decoded = decode(record.key, record.value, record.headers)
    assert decoded.action == "recorded"
    assert decoded.accepted_at == datetime.fromisoformat(body["accepted_at"])
    assert record.timestamp_type == 1
    assert datetime.fromisoformat(body["recorded_at"]).timestamp() == record.timestamp / 1000


async def test_the_same_event_twice_has_one_id_and_two_positions(client: httpx.AsyncClient) -> None:
    first = (await post(client, an_event("twice"))).json()
    second = (await post(client, an_event("twice"))).json()
    assert first["id"] == second["id"]
    assert first["position"] != second["position"]


async def test_the_id_is_the_events_own_else_the_keys(client: httpx.AsyncClient) -> None:
    assert (await post(client, an_event(id=ID), **{"idempotency-key": "k"})).json()["id"] == ID
    for key in ("some key", '"some key"'):
        body = (await post(client, an_event(), **{"idempotency-key": key})).json()
        assert body["id"] == id_from_key("anonymous", "some key")


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "é"])
async def test_a_key_that_cannot_be_read_is_400(client: httpx.AsyncClient, key: str) -> None:
    headers = {b"content-type": b"application/json", b"idempotency-key": key.encode()}
    problem = refused(await client.post("/v1/events", content=orjson.dumps(an_event()), headers=headers), 400)
    assert problem["errors"][0]["pointer"] == "/Idempotency-Key"


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/x-ndjson", "application/cloudevents-batch+json"]
)
async def test_a_key_for_many_is_422(client: httpx.AsyncClient, media_type: str) -> None:
    answer = await post(client, [an_event()], **{"content-type": media_type, "idempotency-key": "k"})
    assert "Idempotency-Key" in refused(answer, 422)["detail"]


UNREADABLE = {
    "malformed": (b'{"title": ', "not JSON"),
    "empty": (b"", "not JSON"),
    "a repeated key": (b'{"title": "a", "title": "b"}', "'title' stands twice"),
    "a number no double holds": (b'{"goldstein": 1e999}', "1e999"),
    "not a number": (b'{"goldstein": NaN}', "NaN"),
    "a lone surrogate": (b'{"title": "\\ud800"}', "surrogate"),
    "no UTF-8": (b'{"title": "\xff"}', "not UTF-8"),
    "deep nesting": (b'{"attributes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not JSON: it begins with a byte order mark: send UTF-8 without a BOM"),
}


@pytest.mark.parametrize(("body", "said"), UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_400(client: httpx.AsyncClient, body: bytes, said: str) -> None:
    assert said in refused(await post(client, body), 400)["detail"]


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json"],
)
async def test_csv_is_told_to_be_csv_once(client: httpx.AsyncClient, media_type: str) -> None:
    rows = b"day,guest,host,what\r\n" + b"2014-09-17,China,India,A visit\r\n" * 50_000
    for path in ("/v1/events", "/v1/changes") if media_type == "application/x-ndjson" else ("/v1/events",):
        problem = refused(await post(client, rows, path, **{"content-type": media_type}), 400)
        assert problem["type"] == "/problems/unreadable"
        assert "this is CSV (day, guest, host, what), not JSON: import it with `ingest import csv" in problem["detail"]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a wrong type": ({"title": 7}, "/title", "expected a string"),
    "an unknown field": ({"titel": "t"}, "/titel", "not a field"),
    "an empty title": ({"title": "  "}, "/title", "1 to 300"),
    "a NUL in the title": ({"title": "a\0b"}, "/title", "U+0000"),
    "a NUL in the attributes": ({"attributes": {"a": "\0"}}, "/attributes", "NUL"),
    "a large integer": ({"attributes": {"a": 2**63 + 1}}, "/attributes", "2^63"),
    "nested attributes": ({"attributes": {"a": [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}}, "/attributes", "16 levels"),
    "no leap year": ({"when": "2025-02-29"}, "/when", "28 days"),
    "a reversed interval": ({"when": "2020/2019"}, "/when", "before it starts"),
    "an unknown country": ({"countries": ["Indai", "CN"]}, "/countries/0", "India"),
    "an ambiguous country": ({"countries": ["CS", "CN"]}, "/countries/0", "ambiguous"),
    "one country twice": ({"countries": ["IN", "China", "CN"]}, "/countries", "CHN is named twice"),
    "one country": ({"countries": ["IN"]}, "/countries", "2"),
    "an unknown type": ({"type": "tarif"}, "/type", "tariff"),
    "a javascript source": ({"sources": [{"url": "javascript:alert(1)"}]}, "/sources/0/url", "http"),
    "a retracted event": ({"status": "retracted"}, "/status", "retraction"),
}


@pytest.mark.parametrize(("fields", "pointer", "said"), REFUSED.values(), ids=REFUSED)
async def test_what_is_no_event_is_422_and_says_where(
    client: httpx.AsyncClient, fields: dict[str, Any], pointer: str, said: str
) -> None:
    problem = refused(await post(client, an_event() | fields), 422)
    assert [item["pointer"] for item in problem["errors"]] == [pointer]
    assert said in problem["errors"][0]["detail"]


async def test_candidates_are_named(client: httpx.AsyncClient) -> None:
    for fields, candidate in (
        ({"countries": ["Indai", "CN"]}, "IND India"),
        ({"countries": ["CS", "CN"]}, "CSK Czechoslovakia"),
        ({"type": "tarif"}, "tariff"),
    ):
        problem = refused(await post(client, an_event() | fields), 422)
        assert candidate in problem["candidates"], problem


async def test_too_many_bytes_are_413(client: httpx.AsyncClient) -> None:
    assert "256 KiB" in refused(await post(client, an_event(summary="x" * 256 * 1024)), 413)["detail"]
    assert "8 MiB" in refused(await post(client, [an_event(summary="x" * 10_000)] * 1_000), 413)["detail"]
    answer = await post(client, [an_event("small"), an_event(attributes={"a": "x" * 256 * 1024})])
    assert [item["status"] for item in answer.json()["results"]] == [201, 413]


async def test_other_media_types_and_compressed_bodies_are_415(client: httpx.AsyncClient) -> None:
    for media_type in ("text/plain", "", "application/xml"):
        refused(await post(client, an_event(), **{"content-type": media_type}), 415)
    for media_type in ("application/json", "application/x-ndjson"):
        answer = await post(client, an_event(), **{"content-type": media_type, "content-encoding": "gzip"})
        assert "gzip" in refused(answer, 415)["detail"]
    refused(await post(client, {"reason": "r"}, f"/v1/events/{ID}/retractions", **{"content-type": "text/plain"}), 415)


async def test_foreign_hosts_and_origins_are_kept_out(client: httpx.AsyncClient) -> None:
    refused(await post(client, an_event(), host="evil.example"), 421)
    refused(await post(client, an_event(), origin="https://evil.example"), 403)
    assert (await post(client, an_event(), origin="http://127.0.0.1:8001")).status_code == 201
    assert (await client.get("/readyz", headers={"host": "10.0.0.7:8001"})).status_code == 200


async def test_unknown_and_repeated_parameters_are_400(client: httpx.AsyncClient) -> None:
    for query in ("validat=only", "validate=yes", "validate=only&validate=only", "results=some"):
        refused(await post(client, an_event(), f"/v1/events?{query}"), 400)


async def test_an_array_answers_by_index(client: httpx.AsyncClient) -> None:
    answer = await post(client, [an_event("a"), an_event("b")])
    assert answer.status_code == 201
    assert [(item["index"], item["status"]) for item in answer.json()["results"]] == [(0, 201), (1, 201)]
    answer = await post(client, [an_event("a"), {"title": "t"}, an_event("b")])
    assert answer.status_code == 207
    body = answer.json()
    assert [item["status"] for item in body["results"]] == [201, 422, 201]
    assert {item["pointer"] for item in body["results"][1]["problem"]["errors"]} == {"/when", "/countries", "/type"}
    reached = parse_positions(body["timeline_position"])
    for item in (body["results"][0], body["results"][2]):
        partition, offset = map(int, item["position"].split(":"))
        assert reached[partition] >= offset
    assert answer.headers["timeline-position"] == body["timeline_position"]


async def test_an_array_may_be_empty_and_hold_a_thousand(
    client: httpx.AsyncClient, kafka: str, shared_topic: str
) -> None:
    answer = await post(client, [])
    assert (answer.status_code, answer.json()) == (201, {"results": [], "timeline_position": ""})
    answer = await post(client, [an_event(f"a thousand {number}") for number in range(1_000)])
    assert answer.status_code == 201
    positions = {item["position"]: item["id"] for item in answer.json()["results"]}
    assert len(positions) == 1_000
    found = {
        format_position(item.partition, item.offset): decode(item.key, item.value, item.headers)
        for item in await read_log(kafka, shared_topic)
    }
    records = [found[position] for position in positions]
    assert [record.event_id for record in records] == list(positions.values())
    assert [record.event_json["title"] for record in records if record.event] == [
        f"a thousand {n}" for n in range(1_000)
    ]
    moments = [record.accepted_at for record in records]
    assert moments == sorted(set(moments))
    assert "at most 1000" in refused(await post(client, [an_event()] * 1_001), 422)["detail"]


async def test_validate_only_records_nothing(client: httpx.AsyncClient, kafka: str, shared_topic: str) -> None:
    before = len(await read_log(kafka, shared_topic))
    answer = await post(client, {**an_event(" valid "), "pairs": []}, "/v1/events?validate=only")
    assert answer.status_code == 200
    event = answer.json()
    assert event.pop("id") == (await post(client, an_event("valid"), "/v1/events?validate=only")).json()["id"]
    assert event == an_event("valid", countries=["CHN", "IND"], valence="conflictual")
    answer = await post(client, [an_event("valid"), {}], "/v1/events?validate=only")
    assert answer.status_code == 200
    good, bad = answer.json()["results"]
    assert (good["index"], good["status"], good["event"]["title"]) == (0, 200, "valid")
    assert (bad["index"], bad["status"], bad["problem"]["status"]) == (1, 422, 422)
    answer = await post(client, b'{}\n{"a"\n' + orjson.dumps(an_event("valid")), "/v1/events?validate=only", **NDJSON)
    lines = [orjson.loads(line) for line in answer.text.splitlines()]
    assert [line.get("status") for line in lines] == [422, 400, 200, None]
    assert lines[2]["event"]["countries"] == ["CHN", "IND"]
    assert lines[3]["recorded"] == 0
    refused(await post(client, {"title": ""}, "/v1/events?validate=only"), 422)
    assert len(await read_log(kafka, shared_topic)) == before


async def test_cloud_events_come_in_three_modes(client: httpx.AsyncClient, kafka: str, shared_topic: str) -> None:
    event_id = id_from_origin(CLOUD["source"], "7")
    structured = await post(
        client, {**CLOUD, "data": an_event("cloud")}, **{"content-type": "application/cloudevents+json"}
    )
    binary = await post(client, an_event("cloud"), **{f"ce-{name}": value for name, value in CLOUD.items()})
    batch = await post(
        client,
        [{**CLOUD, "data": an_event("cloud")}, {**CLOUD, "data": an_event("cloud", id=ID)}, {**CLOUD, "id": "8"}],
        **{"content-type": "application/cloudevents-batch+json"},
    )
    assert (structured.status_code, binary.status_code, batch.status_code) == (201, 201, 207)
    assert structured.json()["id"] == binary.json()["id"] == batch.json()["results"][0]["id"] == event_id
    assert batch.json()["results"][1]["id"] == ID
    assert batch.json()["results"][2]["problem"]["errors"][0]["pointer"] == "/data"
    found = [decode(item.key, item.value, item.headers) for item in await read_log(kafka, shared_topic)]
    assert {item.origin for item in found if item.event_id == event_id} == {(CLOUD["source"], "7")}


async def test_a_cloud_event_is_refused_with_pointers_into_it(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/cloudevents+json"}
    problem = refused(await post(client, {**CLOUD, "data": {**an_event(), "when": "now"}}, **headers), 422)
    assert problem["errors"][0]["pointer"] == "/data/when"
    problem = refused(await post(client, {"data": an_event()}, **headers), 422)
    assert {item["pointer"] for item in problem["errors"]} == {"/specversion", "/id", "/source", "/type"}
    refused(await post(client, {}, **{"content-type": "application/cloudevents-batch+json"}), 422)
    refused(await post(client, an_event(), **{"ce-id": "7"}), 422)


@pytest.mark.parametrize("levels", [300, 960, 980, 1_000])
async def test_what_is_nested_too_deeply_is_refused_and_the_next_line_is_not(
    client: httpx.AsyncClient, levels: int
) -> None:
    deep = orjson.dumps(an_event("deep"))[:-1] + b', "attributes": {"a": ' + b"[" * levels + b"]" * levels + b"}}"
    assert "nested too deeply" in refused(await post(client, deep), 400)["detail"]
    assert "nested too deeply" in refused(await post(client, b"[" + deep + b"]"), 400)["detail"]
    body = deep + b"\n" + orjson.dumps(an_event("flat")) + b"\n"
    answer = await client.post("/v1/events", content=body, headers=NDJSON)
    line, summary = map(orjson.loads, answer.text.splitlines())
    assert (line["line"], line["status"], summary["recorded"], summary["refused"]) == (1, 400, 1, 1)


async def test_every_problem_has_its_page_and_the_description_is_whole(client: httpx.AsyncClient) -> None:
    problem = refused(await post(client, {}), 422)
    assert (await client.get(problem["type"])).status_code == 200
    described = (await client.get("/openapi.json")).json()
    content = described["paths"]["/v1/events"]["post"]["requestBody"]["content"]
    assert len(content) == 4
    assert "Event" in described["components"]["schemas"]
    for path in ("/healthz", "/readyz", "/docs"):
        assert (await client.get(path)).status_code == 200
    assert 'ingest_events_total{outcome="recorded"}' in (await client.get("/metrics")).text
    refused(await client.get("/v1/events"), 405)
    refused(await client.get("/nothing"), 404)


async def test_what_may_be_written_is_told_here_too(client: httpx.AsyncClient) -> None:
    countries = (await client.get("/v1/countries")).json()["items"]
    assert {"code": "IND", "name": "India"} in countries
    assert [item["code"] for item in countries] == sorted(item["code"] for item in countries)
    types = {item["code"]: item for item in (await client.get("/v1/types")).json()["items"]}
    assert types["visit"] == {
        "code": "visit",
        "valence": "cooperative",
        "description": "Somebody of one country goes to see the other, or both meet at a third place.",
        "cameo": ["042", "043", "044"],
        "plover": ["CONSULT"],
    }
    assert "GET /v1/types lists them" in (await post(client, {**an_event(), "type": "zzzzzz"})).text
