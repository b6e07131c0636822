"""The timeline service, held against its own description."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.support.clients.fuzzing import fuzz
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.records import encode_value
from service_edge.openapi import operations
from timeline_service.adapters.postgres.database import close_pool, open_pool
from timeline_service.adapters.postgres.replays import REPLAYER, PostgresReplays
from timeline_service.api import examples
from timeline_service.app import create_app
from timeline_service.settings import Settings

DOCUMENT = create_app(Settings()).openapi()
FIELDS = ("summary", "valence", "domain", "stage", "actors", "sources", "tags", "codes", "goldstein", "attributes")
READS = [
    (path, operation)
    for path, method, operation in operations(DOCUMENT)
    if method == "get" and "text/event-stream" not in operation["responses"].get("200", {}).get("content", {})
]


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A log with the event of the examples and every kind of outcome, all of it projected."""
    example: dict[str, Any] = {**examples.EVENT}
    said = {name: example[name] for name in FIELDS if example[name] is not None}
    shown = recording(
        examples.EVENT["title"], "2020-06-29", event_id=examples.EVENT_ID, **{**said, "initiators": ["IN"]}
    )
    gone = recording("a visit that was called off", "201X", ("IN", "CN", "US"), type="visit")
    unknown = encode_value(shown).replace(b"recorded.v2", b"recorded.v9")
    load = [recording(f"event {number}", f"19{number}", ("FR", "DE")) for number in range(10, 30)]
    load.append(recording("other words", event_id=load[0].event_id))
    async with timeline_stack(engines) as stack:
        position = await stack.append(
            *(record._replace(batch=str(examples.BATCH["name"])) for record in load),
            *(
                shown,
                shown,
                correcting(shown.event_id, examples.EVENT["title"], "2020-06-28", initiators=["IN"], **said),
            ),
            *(correcting(shown.event_id, "too late", expected_revision=1), gone, retracting(gone.event_id)),
        )
        await stack.log.append_bytes(b"key", b"not ours")
        parked = await stack.log.append_bytes(shown.event_id.encode(), unknown)
        answer = await stack.client.get(f"/v1/records/{parked}", params={"wait": 20})
        assert answer.json()["outcome"] == "parked", answer.text
        await stack.get("/v1/events", position)
        async with replayed(stack.services.database_url):
            yield stack


@asynccontextmanager
async def replayed(url: str) -> AsyncIterator[None]:
    """With the verification of the examples, one that waits, and a replayer that does nothing."""
    settings = {"application_name": f"{REPLAYER}4712@host"}
    connection = await asyncpg.connect(url, server_settings=settings)
    pool = await open_pool(url, most=1)
    try:
        replays = PostgresReplays(pool)
        row = await replays.file("verify")
        await connection.execute("update timeline.replays set id = $1 where id = $2", examples.REPLAY_ID, row["id"])
        await replays.claim(UUID(examples.REPLAY_ID), "host/4712")
        await replays.note_progress(UUID(examples.REPLAY_ID), examples.VERIFIED["progress"])
        await replays.finish(UUID(examples.REPLAY_ID), "succeeded", result=examples.VERIFIED["result"])
        await replays.file("verify")
        yield
    finally:
        await connection.close()
        await close_pool(pool)


@pytest.mark.timeout(300)
async def test_the_service_is_as_it_describes_itself(stack: TimelineStack) -> None:
    busy = asyncio.create_task(go_on(stack))
    try:
        await fuzz(str(stack.client.base_url).rstrip("/"), Path(__file__).with_name("timeline.toml"))
    finally:
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)


@pytest.mark.parametrize(("path", "operation"), READS, ids=[path for path, _ in READS])
async def test_every_parameter_is_taken_as_the_description_shows_it(
    stack: TimelineStack, path: str, operation: dict[str, Any]
) -> None:
    for address, query, headers in requests(path, operation):
        answer = await stack.client.get(address, params=query, headers=headers)
        before = {404} if "as_of" in query and "{event_id}" in path else set()  # it was not recorded yet
        assert answer.status_code in {200, 307, *before}, (address, query, headers, answer.text)
        assert str(answer.status_code) in operation["responses"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/v1/timelines?country=IN&limit=1", examples.PAIRS),
        ("/v1/timelines/IN-CN", examples.PAGE),
        ("/v1/timelines/IN-CN?as_of=2025-07-01T00:00:00Z&count=true", examples.LAST_PAGE),
        ("/v1/timelines/IN-CN/summary", examples.SUMMARY),
        ("/v1/events?q=tiktok&count=true", examples.FOUND),
        (f"/v1/events/{examples.EVENT_ID}", examples.EVENT),
        (f"/v1/events/{examples.EVENT_ID}/revisions", examples.REVISIONS),
        ("/v1/countries/IN/partners", examples.PARTNERS),
        ("/v1/tags?prefix=ap", examples.TAGS),
        ("/v1/actors", examples.ACTORS),
        ("/v1/publishers", examples.PUBLISHERS),
        ("/v1/batches", {**examples.BATCHES, "next": None}),
        (f"/v1/batches/{examples.BATCH['name']}", examples.BATCH),
        ("/v1/parked", examples.PARKED),
        ("/v1/records?problem=stale-revision", examples.RECORDS),
        ("/v1/status", {**examples.STATUS, "replicas": []}),
        (f"/v1/replays/{examples.REPLAY_ID}", examples.VERIFIED),
        ("/v1/generations", {"items": examples.GENERATIONS["items"][:1]}),
        ("/v1/countries", examples.COUNTRIES),
        ("/v1/types", examples.TYPES),
    ],
)
async def test_an_answer_has_the_fields_of_its_example(
    stack: TimelineStack, address: str, expected: dict[str, Any]
) -> None:
    answer = await stack.client.get(address)
    assert answer.status_code == 200
    assert fields(answer.json()) == fields(expected)


async def test_changes_have_the_fields_of_their_example(stack: TimelineStack) -> None:
    body = await stack.get("/v1/timelines/IN-CN/changes", limit=1000)
    known = {item["event"]["id"]: item for item in body["items"]}
    (example,) = examples.CHANGES["items"]
    appeared = {name: value for name, value in example.items() if name != "before"} | {"changes": []}
    assert fields({**body, "items": [known[examples.EVENT_ID]]}) == fields({**examples.CHANGES, "items": [appeared]})


async def go_on(stack: TimelineStack) -> None:
    """Record events for as long as nobody ends it, so that live streams have something to say."""
    while True:
        await stack.append(recording("a visit", "2021", ("IN", "CN"), type="visit"))
        await asyncio.sleep(0.2)


def requests(path: str, operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """The operation with what it requires, then with each of its other parameters alone, as it is shown."""
    parameters = operation.get("parameters", [])
    required: dict[str, Any] = {}
    for parameter in parameters:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(shown_values(parameter)[0]))
        elif parameter.get("required"):
            required[parameter["name"]] = shown_values(parameter)[0]
    yield path, required, {}
    for parameter in parameters:
        if parameter["in"] != "path" and not parameter.get("required") and parameter["name"] != "cursor":
            for value in shown_values(parameter):
                if parameter["in"] == "header":
                    yield path, required, {parameter["name"]: value}
                else:
                    relevance = {"q": "tiktok"} if value == "relevance" else {}
                    yield path, {**required, parameter["name"]: value, **relevance}, {}


def shown_values(parameter: dict[str, Any]) -> list[Any]:
    """The values of a parameter that its description shows: examples, choices, bounds."""
    schema = parameter["schema"]
    inner = schema.get("items", schema)
    if examples_shown := schema.get("examples"):
        return [*examples_shown, *inner.get("enum", [])]
    if inner.get("type") == "boolean":
        return ["true", "false"]
    return inner.get("enum") or ([inner["const"]] if "const" in inner else [inner["minimum"], inner["maximum"]])


def fields(value: Any) -> Any:
    """The names of all fields in a JSON value, of the first item of a list, and nothing of what they hold."""
    if isinstance(value, list):
        return [fields(value[0])] if value else []
    if not isinstance(value, dict):
        return "…"
    return {name: fields(item) for name, item in value.items() if name not in {"codes", "attributes"}}
