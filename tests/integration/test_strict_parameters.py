"""Parameters that cannot be are refused by name, and never read as something else."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.support.running.engines import Engines
from tests.support.running.ingesting import an_event
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

#: Requests, and the parameter that each one's refusal names.
REFUSED = {
    "/v1/events?limit=1_0": "limit",
    "/v1/events?limit=1.0": "limit",
    "/v1/events?limit=%2B1": "limit",
    "/v1/events?limit=%201": "limit",
    "/v1/events?limit=01": "limit",
    "/v1/events?limit=-0": "limit",
    "/v1/events?limit=1e1": "limit",
    "/v1/events?limit=%D9%A1": "limit",  # a digit, but an Arabic one
    "/v1/events?limit=": "limit",
    "/v1/events?limit=" + "9" * 5000: "limit",
    "/v1/events?limit=1&limit=2": "limit",
    "/v1/events?limit=1001": "limit",
    "/v1/parked?limit=0": "limit",
    "/v1/events?min_sources=1_0": "min_sources",
    "/v1/events?min_sources=51": "min_sources",
    "/v1/events?count=1": "count",
    "/v1/events?count=True": "count",
    "/v1/timelines/IN-CN?count=yes": "count",
    "/v1/records/0:0?wait=nan": "wait",
    "/v1/records/0:0?wait=inf": "wait",
    "/v1/records/0:0?wait=1e400": "wait",
    "/v1/records/0:0?wait=1_0": "wait",
    "/v1/records/1_0:0": "position",
    "/v1/records/0:00": "position",
    "/v1/records/%00": "position",
    "/v1/records/0:" + "9" * 19: "position",
    "/v1/events?min_position=0:0,0:1": "min_position",
    "/v1/events?min_position=0:%D9%A1": "min_position",
    "/v1/events?q=event%00s": "q",
    "/v1/events?q=%FF": "q",
    "/v1/events?tag=%00": "tag",
    "/v1/events?tag=caf%E9": "tag",  # Latin-1
    "/v1/timelines/IN-CN.csv?tag=%ED%A0%80": "tag",  # half of a surrogate pair
    "/v1/timelines/IN-CN/summary?actor=%C0%80": "actor",  # NUL in too many bytes
    "/v1/events?actor=a%00b": "actor",
    "/v1/events?code=gdelt:%00": "code",
    "/v1/events?code=gdelt": "code",
    "/v1/events?as_of=2020-02-30T00:00:00Z": "as_of",
    "/v1/events?as_of=0001-01-01T00:00:00%2B14:00": "as_of",
    "/v1/events?as_of=9998-01-01T00:00:00Z": "as_of",
    "/v1/events?from=": "from",
    "/v1/events?from=2021&to=2020": "to",
    "/v1/events?cursor=%C3%A9": "cursor",
    "/v1/events?include=all": "include",
    "/v1/events?colour=red": "colour",
    "/v1/timelines/lookup?a=India&b=IND": "b",
    "/v1/timelines?country=%00": "country",
    "/v1/live?country=Indai": "country",
    "/v1/timelines/IN-CN/live?from=2020": "from",
    "/v1/status?verbose=true": "verbose",
    "/v1/events/80d5d10ab3b559dc825b830d249e8c6a": "event_id",
}


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as stack:
        yield stack


@pytest.mark.parametrize(("address", "name"), REFUSED.items(), ids=[address[:60] for address in REFUSED])
async def test_a_parameter_that_cannot_be_is_refused_by_name(stack: TimelineStack, address: str, name: str) -> None:
    problem = await stack.refusal(address)
    assert problem["status"] == 400
    assert problem["type"] == "/problems/bad-parameter"
    assert {item["pointer"].split("/")[1] for item in problem["errors"]} == {name}
    assert len(problem["detail"]) > len(name) + 10


async def test_a_refusal_names_everything_that_is_wrong_with_a_query(stack: TimelineStack) -> None:
    problem = await stack.refusal("/v1/events?colour=red&tag=%FF&limit=1&limit=2")
    assert {item["pointer"] for item in problem["errors"]} == {"/colour", "/tag", "/limit"}


@pytest.mark.parametrize(
    ("address", "name"), [("/v1/events", "Timeline-Position"), ("/v1/live", "Last-Event-ID")], ids=["a read", "live"]
)
async def test_a_header_of_one_value_is_given_once(stack: TimelineStack, address: str, name: str) -> None:
    answer = await stack.client.get(address, headers=[(name, "0:0"), (name, "1:0")])
    assert answer.status_code == 400
    assert [item["pointer"] for item in answer.json()["errors"]] == [f"/{name}"]


async def test_any_text_of_unicode_is_taken(stack: TimelineStack) -> None:
    for text in ("中国", "%F0%9F%90%BC", "%EF%BF%BD", "%EF%BF%BF"):  # a panda, U+FFFD as it is, a non-character
        assert (await stack.get(f"/v1/events?tag={text}"))["items"] == []


async def test_the_ingest_service_reads_its_parameters_as_strictly(stack: TimelineStack) -> None:
    service = await stack.services.ingest()
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as client:
        for query in ("validate=%FF", "validate=only&validate=only", "validate=ONLY"):
            answer = await client.post(f"/v1/events?{query}", json=an_event())
            assert answer.status_code == 400
            assert [item["pointer"] for item in answer.json()["errors"]] == ["/validate"]


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /v1/events?q=caf\xe9 HTTP/1.1",
        b"GET /v1/events?q=" + b"x" * 70_000 + b" HTTP/1.1",
        b"BREW /v1/events HTTP/1.1",
        b"hello",
    ],
    ids=["beyond ASCII", "too long", "unknown method", "no HTTP"],
)
async def test_what_the_server_cannot_read_is_refused_as_a_problem_too(
    stack: TimelineStack, request_line: bytes
) -> None:
    url = stack.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(request_line + b"\r\nHost: 127.0.0.1\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 10)  # to the end: the connection is closed
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    problem = json.loads(body)
    assert problem["status"] == 400
    assert (await stack.client.get(problem["type"])).status_code == 200
