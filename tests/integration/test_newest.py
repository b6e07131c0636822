"""`order=newest`: the last to be recorded or revised first, page by page, now and in the past."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import feedparser
import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.partitions import partitions_of
from event_schemas.positions import parse_position
from event_schemas.records import format_time


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        yield running


def titles(items: list[dict[str, Any]]) -> list[str]:
    return [item["title"] for item in items]


def key(item: dict[str, Any]) -> tuple[Any, ...]:
    """What the order goes by."""
    return (item["revised_at"], *parse_position(item["position"]))


async def let_the_clock_go_on() -> None:
    """What is appended from now on is recorded later than what was before."""
    last = datetime.now(UTC)
    await wait_until(lambda: datetime.now(UTC) > last + timedelta(milliseconds=2))


async def tell(stack: TimelineStack, *stories: str, pair: tuple[str, str], **fields: Any) -> list[str]:
    """Record events one after the other, each at a later time than the one before; returns their ids."""
    ids = []
    for number, story in enumerate(stories):
        record = recording(story, str(2020 - number), pair, **fields)
        await stack.get("/v1/status", await stack.append(record))
        await let_the_clock_go_on()
        ids.append(record.event_id)
    return ids


@pytest.mark.parametrize("query", ["", "&type=ban", "&tag=steel", "&from=2000", "&q=event"])
@pytest.mark.parametrize("path", ["/v1/timelines/AU-NZ", "/v1/events"])
async def test_what_was_revised_last_comes_first(stack: TimelineStack, path: str, query: str) -> None:
    first, second, _ = await tell(
        stack, "first event", "second event", "third event", pair=("AU", "NZ"), tags=["steel"]
    )
    url = f"{path}?order=newest&limit=3{query}"
    assert titles((await stack.get(url))["items"]) == ["third event", "second event", "first event"]
    changed = correcting(
        first, "first event, corrected", "1990" if query != "&from=2000" else "2001", ("AU", "NZ"), tags=["steel"]
    )
    position = await stack.append(changed)
    assert titles((await stack.get(url, position))["items"]) == [
        "first event, corrected",
        "third event",
        "second event",
    ]
    position = await stack.append(retracting(second))
    assert "second event" not in titles((await stack.get(url, position))["items"])
    shown = (await stack.get(f"{url}&include=retracted"))["items"]
    assert (shown[0]["title"], shown[0]["status"]) == ("second event", "retracted")


async def test_pages_stand_still_while_the_log_goes_on(stack: TimelineStack) -> None:
    events = [recording(f"event {number}", "2020", ("BR", "PE")) for number in range(70)]
    position = await stack.append(*events)
    wanted = (await stack.get("/v1/timelines/BR-PE?limit=1000", position))["items"]
    found: list[dict[str, Any]] = []
    page = await stack.get("/v1/timelines/BR-PE?order=newest&limit=9&count=true")
    while True:
        assert page["count"] == 70
        found += page["items"]
        if page["next"] is None:
            break
        later = (
            recording("later", "2020", ("BR", "PE")),
            correcting(events[5].event_id, "moved", "2020", ("BR", "CL")),
        )
        await stack.get("/v1/status", await stack.append(*later))
        page = await stack.get("/v1/timelines/BR-PE", cursor=page["next"], limit=9, count="true")
    assert found == sorted(wanted, key=key, reverse=True)


async def test_a_page_from_one_partition_alone_is_whole(stack: TimelineStack) -> None:
    ids = [str(uuid4()) for _ in range(200)]
    homes = partitions_of([identifier.encode() for identifier in ids], 3)
    alone = [identifier for identifier in ids if homes[identifier.encode()] == 0][:45]
    others = [identifier for identifier in ids if homes[identifier.encode()] > 0][:10]
    position = await stack.append(*(recording("old", "2020", ("CA", "CU"), event_id=each) for each in others))
    await stack.get("/v1/status", position)
    await let_the_clock_go_on()
    position = await stack.append(*(recording("new", "2020", ("CA", "CU"), event_id=each) for each in alone))
    for query in ("", "&type=ban"):
        page = await stack.get(f"/v1/timelines/CA-CU?order=newest&limit=40{query}", position)
        assert [item["id"] for item in page["items"]] == alone[:4:-1]
        rest = await stack.get("/v1/timelines/CA-CU", cursor=page["next"])
        assert titles(rest["items"]) == ["new"] * 5 + ["old"] * 10


async def test_the_past_is_newest_first_as_it_was(stack: TimelineStack) -> None:
    ids = await tell(stack, "one", "two", "three", pair=("EG", "SD"))
    moment = format_time(datetime.now(UTC))
    await wait_until(lambda: format_time(datetime.now(UTC)) > moment)
    await stack.get("/v1/status", await stack.append(correcting(ids[0], "one, later", "2020", ("EG", "SD"))))
    for path in ("/v1/timelines/EG-SD", "/v1/events"):
        found = (await stack.get(path, order="newest", limit=3, as_of=moment))["items"]
        assert titles(found) == ["three", "two", "one"]


@pytest.mark.parametrize("path", ["/v1/timelines/NO-SE", "/v1/events"])
async def test_a_feed_shows_what_is_new_unless_it_is_asked_for_another_order(stack: TimelineStack, path: str) -> None:
    await tell(stack, "one", "two", pair=("NO", "SE"))

    async def feed(query: str, **headers: str) -> list[str]:
        answer = await stack.client.get(f"{path}{query}", headers=headers)
        assert answer.status_code == 200
        return [entry.title for entry in feedparser.parse(answer.content).entries]

    assert await feed(".atom?limit=2") == ["two", "one"]
    assert await feed("?limit=2", accept="application/atom+xml") == ["two", "one"]
    assert await feed(".atom?limit=2&order=newest") == ["two", "one"]
    first = (await stack.get(f"{path}?limit=2&order=asc"))["items"]
    assert await feed(".atom?limit=2&order=asc") == titles(first)
    last = (await stack.get(f"{path}?limit=2&order=desc"))["items"]
    assert await feed(".atom?limit=2&order=desc") == titles(last)
    answer = await stack.client.get(f"{path}.atom?limit=1")
    assert await feed(following(answer.links["next"]["url"])) == ["one"]


def following(url: str) -> str:
    return f".atom?{url.partition('?')[2]}"
