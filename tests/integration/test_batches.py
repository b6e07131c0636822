"""Loads: what records of a batch became, told by load, by record and by revision, and how reads are filtered by it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting, telling_now
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.positions import parse_position, parse_positions
from event_schemas.records import Record

PAIR = "/v1/timelines/IN-CN"


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as stack:
        yield stack


def of(batch: str, *records: Record) -> list[Record]:
    return [record._replace(batch=batch) for record in records]


async def told(stack: TimelineStack, records: list[Record]) -> str:
    """Append records, and wait until they are found; returns the position."""
    position = await stack.append(*records)
    await stack.get("/v1/events", position)
    return position


async def ids(stack: TimelineStack, path: str, **parameters: Any) -> list[str]:
    return [item["id"] for item in (await stack.get(path, **parameters))["items"]]


async def test_a_load_is_told_by_what_became_of_its_records(stack: TimelineStack) -> None:
    one, other, known = recording("one"), recording("other"), recording("known")
    await told(stack, [known])
    load = [one, other, one, recording("else", event_id=known.event_id), correcting(one.event_id, "one", "2020")]
    load += [retracting(other.event_id), retracting(other.event_id), telling_now(other.event_id, "other")]
    position = await told(stack, of("told", *load))
    batch = await stack.get("/v1/batches/told", position)
    assert (batch["name"], batch["records"]) == ("told", 8)
    assert batch["outcomes"] == {"applied": 3, "duplicate": 1, "rejected": 4, "parked": 0}
    assert batch["problems"] == {"already-retracted": 1, "conflict": 1, "no-change": 1, "retracted": 1}
    assert batch["first_at"] <= batch["last_at"]
    found: dict[int, list[int]] = {}
    assert {item["partition"]: item["last"] for item in batch["partitions"]} == parse_positions(position)
    for item in batch["partitions"]:
        found[item["partition"]] = [item["first"], item["last"]]
        for offset in found[item["partition"]]:
            record = await stack.get(f"/v1/records/{item['partition']}:{offset}")
            assert record["batch"] == "told"
    listed = [item for item in (await stack.get("/v1/batches", limit=1000))["items"] if item["name"] == "told"]
    assert listed == [{name: batch[name] for name in ("name", "first_at", "last_at", "records", "outcomes")}]


async def test_a_load_that_is_gone_on_with_is_one(stack: TimelineStack) -> None:
    await told(stack, of("again", recording("first")))
    first = await stack.get("/v1/batches/again")
    await told(stack, of("between", recording("between")))
    await told(stack, of("again", recording("second"), recording("third")))
    second = await stack.get("/v1/batches/again")
    assert (first["records"], second["records"]) == (1, 3)
    assert second["first_at"] == first["first_at"] < second["last_at"]


async def test_revisions_and_records_name_their_load_where_there_is_one(stack: TimelineStack) -> None:
    event = recording("named", countries=("IN", "PK"))
    history = [*of("a", event), correcting(event.event_id, "unnamed"), *of("c", retracting(event.event_id))]
    await told(stack, history)
    items = (await stack.get(f"/v1/events/{event.event_id}/revisions"))["items"]
    assert [item.get("batch") for item in items] == ["a", None, "c"]
    assert ["batch" in item for item in items] == [True, False, True]
    outcomes = [await stack.get(f"/v1/records/{item['position']}") for item in items]
    assert [outcome.get("batch") for outcome in outcomes] == ["a", None, "c"]
    assert "batch" not in await stack.get(f"/v1/events/{event.event_id}")


async def test_what_an_event_says_now_is_found_by_the_load_that_brought_it(stack: TimelineStack) -> None:
    kept, changed = recording("kept", countries=("IN", "CN", "PK")), recording("changed", countries=("IN", "CN"))
    position = await told(stack, of("found", kept, changed))
    before = {kept.event_id, changed.event_id}
    for path in (PAIR, "/v1/events"):
        assert set(await ids(stack, path, batch="found")) == before
    assert await ids(stack, "/v1/timelines/IN-PK", batch="found") == [kept.event_id]
    assert await ids(stack, "/v1/timelines/IN-PK", batch=["found", "others"], tag="none") == []
    await told(stack, of("later", correcting(changed.event_id, "changed since", countries=("IN", "CN"))))
    for path in (PAIR, "/v1/events"):
        assert await ids(stack, path, batch="found") == [kept.event_id]
        assert await ids(stack, path, batch="later") == [changed.event_id]
        assert set(await ids(stack, path, batch=["found", "later"])) == before
        assert (await stack.get(path, batch="found", count="true", limit=1))["count"] == 1
    await told(stack, of("undone", retracting(kept.event_id)))
    assert await ids(stack, "/v1/events", batch="found") == []
    assert await ids(stack, "/v1/events", batch="undone") == []
    assert await ids(stack, "/v1/events", batch="undone", include="retracted") == [kept.event_id]
    assert max(parse_positions(position).values()) >= 0


async def test_loads_are_listed_by_name_in_pages(stack: TimelineStack) -> None:
    names = [f"page-{number:02}" for number in range(7)]
    for name in reversed(names):
        await told(stack, of(name, recording(name)))
    found: list[str] = []
    cursor = None
    while True:
        page = await stack.get("/v1/batches", limit=3, cursor=cursor)
        found += [item["name"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert found == sorted(found)
    assert [name for name in found if name.startswith("page-")] == names


async def test_a_load_waits_for_its_position(stack: TimelineStack) -> None:
    (position,) = await stack.log.append(*of("waited-for", recording("waited for")))
    batch = await stack.get("/v1/batches/waited-for", position)
    partition, offset = parse_position(position)
    assert batch["partitions"] == [{"partition": partition, "first": offset, "last": offset}]


async def test_names_that_there_are_not_are_refused_in_words(stack: TimelineStack) -> None:
    unknown = await stack.refusal("/v1/batches/of-nobody")
    assert (unknown["status"], unknown["type"]) == (404, "/problems/unknown-batch")
    for path, name in (("/v1/batches/a%20b", "name"), (f"{PAIR}?batch=a%20b", "batch"), ("/v1/events?batch=", "batch")):
        problem = await stack.refusal(path)
        assert (problem["status"], [item["pointer"] for item in problem["errors"]]) == (400, [f"/{name}"])
        assert "1 to 128 letters" in problem["detail"]
