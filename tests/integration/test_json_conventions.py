"""How both services write JSON: names in snake_case, instants in RFC 3339, in UTC with a Z."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from tests.support.running.engines import Engines
from tests.support.running.ingesting import NDJSON, an_event
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z")
LIKE_AN_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*", re.DOTALL)
#: What a source names as it likes, and is kept as it came; and what is named by numbers.
FOREIGN = {"attributes", "codes", "next_offsets"}


@dataclass(frozen=True, slots=True)
class Both:
    """Both services on one log, an event's id and a record's position, and where all of it is projected."""

    ingest: httpx.AsyncClient
    stack: TimelineStack
    event_id: str
    position: str

    @property
    def clients(self) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
        """Of ingest and of the timeline service."""
        return self.ingest, self.stack.client


@pytest.fixture(scope="module")
async def both(engines: Engines) -> AsyncIterator[Both]:
    async with timeline_stack(engines) as stack:
        service = await stack.services.ingest()
        async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as ingest:
            event = an_event(codes={"CAMEO": "163"}, attributes={"asWritten": "2020-01-01T00:00:00+01:00"})
            answer = await ingest.post("/v1/events", json=event)
            assert answer.status_code == 201, answer.text
            yield Both(ingest, stack, answer.json()["id"], answer.json()["position"])


def complaints(value: Any, place: str = "") -> Iterator[str]:
    """What is not as it should be in a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not SNAKE.fullmatch(name):
                yield f"{place}/{name}: the name"
            if name.endswith("_at") and not (inner is None or (isinstance(inner, str) and INSTANT.fullmatch(inner))):
                yield f"{place}/{name}: {inner!r} is no instant"
            if name not in FOREIGN:
                yield from complaints(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from complaints(inner, f"{place}/{index}")
    elif isinstance(value, str) and LIKE_AN_INSTANT.fullmatch(value) and not INSTANT.fullmatch(value):
        yield f"{place}: {value!r} is no instant in UTC"


def check(answer: httpx.Response) -> None:
    """Fail, naming the places, unless all the JSON in an answer is as it should be."""
    kind = answer.headers["content-type"]
    lines = answer.content.splitlines() if kind.startswith("application/x-ndjson") else [answer.content]
    for line in lines:
        assert not list(complaints(orjson.loads(line))), f"{answer.request.method} {answer.request.url}: {line[:500]!r}"


def described(node: Any, place: str = "#") -> Iterator[tuple[str, str]]:
    """Every property that a description's schemas name, with its place; examples are data, not schemas."""
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict):
            for name in properties:
                yield name, place
        for name, inner in node.items():
            if name not in {"example", "examples", "value", "default", "enum", "const"}:
                yield from described(inner, f"{place}/{name}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from described(inner, f"{place}/{index}")


def examples_in(node: Any, place: str = "#") -> Iterator[tuple[Any, str]]:
    """Every JSON value that a description gives as an example."""
    if isinstance(node, dict):
        if "value" in node and place.rpartition("/")[0].endswith("/examples"):
            yield node["value"], place
        if "example" in node and isinstance(node["example"], dict | list):
            yield node["example"], place
        for name, inner in node.items():
            yield from examples_in(inner, f"{place}/{name}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from examples_in(inner, f"{place}/{index}")


def test_the_check_finds_what_it_is_for() -> None:
    for wrong in (
        {"recordedAt": 1}, {"items": [{"Id": 1}]}, {"min-position": 1}, {"recorded_at": "2020-01-01T00:00:00+00:00"},
        {"recorded_at": 5}, {"as_of": "2020-01-01T00:00:00.5+05:30"}, ["2020-01-01 00:00:00Z"], {"x__y": 1},
    ):  # fmt: skip
        assert len(list(complaints(wrong))) >= 1, wrong
    right = {
        "recorded_at": "2020-01-01T00:00:00.000001Z",
        "revised_at": None,
        "when": "2020-01-01",
        "codes": {"X-Y": "1"},
    }
    assert not list(complaints([right]))


async def test_descriptions_name_everything_in_snake_case(both: Both) -> None:
    properties = 0
    for client in both.clients:
        description = (await client.get("/openapi.json")).json()
        names = list(described(description))
        properties += len(names)
        assert [item for item in names if not SNAKE.fullmatch(item[0])] == []
        for path, operations in description["paths"].items():
            for operation in operations.values():
                for parameter in operation.get("parameters", ()):
                    if parameter["in"] != "header":
                        assert SNAKE.fullmatch(parameter["name"]), (path, parameter["name"])
        for value, place in examples_in(description):
            assert not list(complaints(value)), place
    assert properties


async def test_what_ingest_answers(both: Both) -> None:
    changes = f"/v1/events/{uuid4()}"
    many = [an_event("one of two"), {"title": "refused"}]
    lines = b"\n".join(map(orjson.dumps, many))
    answers = [
        await both.ingest.post("/v1/events", json=an_event("another")),
        await both.ingest.post("/v1/events", json=many),
        await both.ingest.post("/v1/events?results=all", content=lines, headers=NDJSON),
        await both.ingest.post("/v1/events?validate=only", json=many[0]),
        await both.ingest.post("/v1/events?validate=only", json=many),
        await both.ingest.post(f"{changes}/corrections", json={"reason": "r", "event": many[0]}),
        await both.ingest.post(f"{changes}/retractions", json={"reason": "r"}),
        await both.ingest.post("/v1/events", json={}),
        await both.ingest.get("/readyz"),
    ]
    assert [answer.status_code for answer in answers] == [201, 207, 200, 200, 200, 202, 202, 422, 200]
    for answer in answers:
        check(answer)


async def test_what_every_read_answers(both: Both) -> None:
    """Every GET of the description is tried, so that a new one is held to it too."""
    client = both.stack.client
    await both.stack.get(f"/v1/records/{both.position}", both.position)
    known = {
        "pair": "IN-CN", "event_id": both.event_id, "position": both.position, "country": "IND", "slug": "not-found",
    }  # fmt: skip
    checked = []
    for path, operations in (await client.get("/openapi.json")).json()["paths"].items():
        if "get" not in operations or path == "/metrics":
            continue
        url = re.sub(r"\{(\w+)(:\w+)?\}", lambda match: known.get(match[1], match[0]), path)
        query = {"a": "India", "b": "China"} if path.endswith("/lookup") else {}
        async with client.stream("GET", url, params=query, follow_redirects=True) as answer:
            kind = answer.headers["content-type"].partition(";")[0]
            if kind in {"application/json", "application/problem+json", "application/x-ndjson"}:
                await answer.aread()
                check(answer)
                checked.append((path, answer.status_code))
    assert {("/v1/timelines/{pair}", 200), ("/v1/status", 200), ("/v1/countries", 200)} <= set(checked)
    assert {path for path, status in checked if status >= 500} == set()


@pytest.mark.parametrize("path", ["/v1/timelines/IN-CN", "/v1/timelines", "/v1/events"])
async def test_an_instant_is_answered_in_utc_however_it_was_asked(both: Both, path: str) -> None:
    query = {"as_of": "2026-01-01T05:30:00+05:30"}
    answer = await both.stack.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    check(answer)
