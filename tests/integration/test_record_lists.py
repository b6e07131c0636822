"""`/v1/records`: what was rejected and why, without knowing positions; the newest first."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.positions import format_positions, parse_position
from event_schemas.records import Record, encode_value


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A log with every kind of outcome, many times, of two principals."""
    async with timeline_stack(engines) as running:
        positions = []
        for number in range(12):
            who = "gdelt-loader" if number % 3 == 0 else "anonymous"
            load = (None, "feed-1", "feed-2", "feed-1")[number % 4]
            positions.append(await running.append(*(each._replace(principal=who, batch=load) for each in story())))
            await running.log.append_bytes(b"key", b"garbage")
        for position in positions:
            await running.get("/v1/status", position)
        parked = recording("from the future")
        unknown = encode_value(parked).replace(b"recorded.v2", b"recorded.v9")
        last = [
            await running.log.append_bytes(parked.event_id.encode(), unknown),
            *await running.log.append(parked._replace(principal="gdelt-loader")),
        ]
        for position in last:
            assert (await running.get(f"/v1/records/{position}", wait=20))["outcome"] == "parked"
        yield running


def story() -> list[Record]:
    """An event with each verdict that there is on records that can be read."""
    event = recording("one")
    return [
        event,
        event,
        recording("two", event_id=event.event_id),
        correcting(event.event_id, "one"),
        correcting(event.event_id, "two", expected_revision=7),
        retracting(event.event_id),
        retracting(event.event_id),
        correcting(str(uuid4())),
    ]


async def pages(stack: TimelineStack, limit: int, **asked: Any) -> list[dict[str, Any]]:
    """All items of a list, page by page, while the log goes on."""
    body = await stack.get("/v1/records", limit=limit, **asked)
    items: list[dict[str, Any]] = body["items"]
    while body["next"] is not None:
        assert len(body["items"]) == limit
        await stack.get("/v1/status", await stack.append(*story()))
        body = await stack.get("/v1/records", limit=limit, cursor=body["next"])
        items += body["items"]
    return items


def key(item: dict[str, Any]) -> tuple[Any, ...]:
    """What the order goes by."""
    return (item["recorded_at"], *parse_position(item["position"]))


async def told(stack: TimelineStack) -> list[dict[str, Any]]:
    """Every record up to now with its outcome, looked up one by one."""
    status = await stack.get("/v1/status")
    return [
        await stack.get(f"/v1/records/{part['partition']}:{offset}")
        for part in status["partitions"]
        for offset in range(part["next_offset"])
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"outcome": "rejected"},
        {"outcome": ["duplicate", "parked"]},
        {"outcome": "applied"},
        {"outcome": ["applied", "duplicate", "rejected", "parked"]},
        {"problem": "conflict"},
        {"problem": ["stale-revision", "malformed", "behind-parked"]},
        {"outcome": "parked", "problem": ["conflict", "unknown-version"]},
        {"outcome": "duplicate", "problem": "conflict"},
    ],
)
async def test_a_list_has_every_record_once_and_the_newest_first(stack: TimelineStack, asked: dict[str, Any]) -> None:
    outcomes, problems = (
        [value] if isinstance(value := asked.get(name, []), str) else value for name in ("outcome", "problem")
    )
    everything = await told(stack)
    wanted = [
        item
        for item in everything
        if item["outcome"] in (outcomes or ["duplicate", "rejected", "parked"])
        and (not problems or item.get("problem") in problems)
    ]
    found = await pages(stack, 7, **asked)
    principals = [item.pop("principal", None) for item in found]
    assert found == sorted(wanted, key=key, reverse=True)
    readable = [item.get("problem") not in {"malformed", "unknown-version"} for item in found]
    assert [principal is not None for principal in principals] == readable


@pytest.mark.parametrize("asked", [{}, {"outcome": "applied"}, {"outcome": ["applied", "rejected"]},
                                   {"problem": "conflict"}, {"outcome": "parked"}])  # fmt: skip
async def test_a_list_of_one_principal_has_its_records_alone(stack: TimelineStack, asked: dict[str, Any]) -> None:
    everything = await pages(stack, 100, **asked)
    own = [item for item in everything if item.get("principal") == "gdelt-loader"]
    assert own
    assert await pages(stack, 3, **asked, principal="gdelt-loader") == own
    assert await pages(stack, 3, **asked, principal="nobody") == []


@pytest.mark.parametrize("asked", [{}, {"outcome": "applied"}, {"outcome": ["applied", "rejected"]},
                                   {"problem": "conflict"}, {"principal": "gdelt-loader"}])  # fmt: skip
async def test_a_list_of_one_load_has_its_records_alone(stack: TimelineStack, asked: dict[str, Any]) -> None:
    everything = await pages(stack, 100, **asked)
    own = [item for item in everything if item.get("batch") == "feed-1"]
    assert own
    assert await pages(stack, 3, **asked, batch="feed-1") == own
    assert await pages(stack, 3, **asked, batch="of-nobody") == []
    load = await stack.get("/v1/batches/feed-1")
    if asked == {"problem": "conflict"}:
        assert len(own) == load["problems"]["conflict"]
    if asked == {"outcome": "applied"}:
        assert len(own) == load["outcomes"]["applied"]


@pytest.mark.parametrize("asked", [{}, {"outcome": "applied"}, {"batch": "feed-1"}, {"principal": "gdelt-loader"},
                                   {"problem": "conflict"}, {"batch": "feed-1", "outcome": "applied"}])  # fmt: skip
async def test_a_list_within_positions_has_what_lies_between_them(stack: TimelineStack, asked: dict[str, Any]) -> None:
    everything = await pages(stack, 100, **asked)
    places = {item["position"]: parse_position(item["position"]) for item in everything}
    ends = {partition: max(o for p, o in places.values() if p == partition) for partition, _ in places.values()}
    partition, end = max(ends.items(), key=lambda item: item[1])
    since, until = {partition: 2}, {**ends, partition: end - 1}
    until.pop(min(ends.keys() - {partition}))
    found = await pages(stack, 3, **asked, since=format_positions(since), until=format_positions(until))
    assert found == [
        item
        for item in everything
        if (place := places[item["position"]])[0] in until and since.get(place[0], -1) < place[1] <= until[place[0]]
    ]
    assert 0 < len(found) < len(everything) - 1
    assert await pages(stack, 100, **asked, until=format_positions(ends)) == everything
    assert await pages(stack, 100, **asked, until="") == []
    beyond = ",".join(f"{partition}:{10**17}" for partition in ends)
    page, same = [await stack.get("/v1/records", **asked, **within) for within in ({}, {"until": beyond})]
    assert page["items"] == same["items"]


async def test_a_page_from_one_partition_alone_is_whole(stack: TimelineStack) -> None:
    event = recording("again and again")
    position = await stack.append(event, *[event] * 60)
    page = await stack.get("/v1/records?limit=40&outcome=duplicate", position)
    assert {item["event_id"] for item in page["items"]} == {event.event_id}
    offsets = [parse_position(item["position"])[1] for item in page["items"]]
    assert offsets == list(range(offsets[0], offsets[0] - 40, -1))


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("outcome=refused", "/outcome"),
        ("problem=bad", "/problem"),
        ("problem=", "/problem"),
        ("principal=", "/principal"),
        ("principal=a%20b", "/principal"),
        ("principal=a&principal=b", "/principal"),
        ("batch=", "/batch"),
        ("batch=a%20b", "/batch"),
        ("batch=a&batch=b", "/batch"),
        ("since=x", "/since"),
        ("since=0:1,0:2", "/since"),
        ("until=99:0", "/until"),
        ("until=0:1&until=1:1", "/until"),
        ("limit=0", "/limit"),
        ("cursor=x", "/cursor"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(stack: TimelineStack, query: str, pointer: str) -> None:
    problem = await stack.refusal(f"/v1/records?{query}")
    assert (problem["status"], problem["errors"][0]["pointer"]) == (400, pointer)


async def test_a_cursor_goes_on_with_its_own_question_only(stack: TimelineStack) -> None:
    cursor = (await stack.get("/v1/records?outcome=rejected&limit=1"))["next"]
    assert (await stack.get("/v1/records", outcome="rejected", cursor=cursor))["items"]
    for query in (
        "outcome=parked",
        "problem=conflict",
        "principal=anonymous",
        "batch=feed-1",
        "since=0:0",
        "until=0:1",
    ):
        assert (await stack.refusal(f"/v1/records?cursor={cursor}&{query}"))["errors"][0]["pointer"] == "/cursor"
    assert (await stack.refusal(f"/v1/parked?cursor={cursor}"))["errors"][0]["pointer"] == "/cursor"
