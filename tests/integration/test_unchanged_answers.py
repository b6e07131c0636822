"""An answer that did not change is not sent again, and holds nothing that moves with the log."""

from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.records import Record

QUERIES: Final = [
    "",
    "?limit=2",
    "?limit=2&order=desc&count=true",
    "?type=ban&limit=1",
    "?domain=trade&tag=steel",
    "?q=event&limit=3",
    "?from=2020&to=2020&match=within&include=retracted",
    "?initiator=IN",
    "/summary",
    "/summary?type=ban&q=event",
]


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A stack for tests that look at pairs of their own."""
    async with timeline_stack(engines) as running:
        yield running


def shelf(countries: list[str]) -> list[Record]:
    """Five events of a pair, of which the last one is retracted."""
    fields: dict[str, Any] = {"domain": "trade", "tags": ["steel"], "initiators": countries[:1]}
    events = [recording(f"event {n}", "2020", countries, **fields) for n in range(5)]
    return [*events, retracting(events[4].event_id)]


async def read(stack: TimelineStack, url: str, position: str, tag: str | None = None) -> httpx.Response:
    """A read at a position, with a tag that is known already."""
    headers = {"timeline-position": position, **({"if-none-match": tag} if tag else {})}
    return await stack.client.get(url, headers=headers)


@pytest.mark.parametrize("query", QUERIES)
async def test_what_others_do_leaves_a_pairs_answer_as_it_is(stack: TimelineStack, query: str) -> None:
    records = shelf(["IN", "CN"])
    position = await stack.append(*records)
    url = f"/v1/timelines/CHN-IND{query}"
    first = await read(stack, url, position)
    assert first.status_code == 200
    others = [recording(f"other event {n}", "2020", ["IN", "PK"], tags=["steel"]) for n in range(8)]
    both_acted = recording("event of both", "2020", ["IN", "CN", "PK"], initiators=["IN", "CN"])
    position = await stack.append(
        *others,
        both_acted,  # which is between each of them and Pakistan, not between them
        correcting(others[0].event_id, "corrected event", "2021", ["CN", "PK"]),
        retracting(others[1].event_id),
        records[0],  # a duplicate
        retracting(records[4].event_id),  # it is so already
        retracting(records[3].event_id, expected_revision=7),  # stale
    )
    again = await read(stack, url, position)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    known = await read(stack, url, position, first.headers["etag"])
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", first.headers["etag"])
    assert known.headers["timeline-position"] != first.headers["timeline-position"]


CHANGES: Final = ["event", "correction", "retraction", "reinstatement", "leaves", "comes"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("query", ["?include=retracted", "?q=event&include=retracted", "/summary?include=retracted"])
async def test_what_changes_a_pair_changes_its_answer(stack: TimelineStack, change: str, query: str) -> None:
    pair = ["FR", "DE"]
    records = shelf(pair)
    stranger = recording("stranger event", "2020", ["FR", "IT"])
    position = await stack.append(*records, stranger)
    url = f"/v1/timelines/DEU-FRA{query}"
    tag = (await read(stack, url, position)).headers["etag"]
    record = {
        "event": recording("new event", "2020", pair),
        "correction": correcting(records[0].event_id, "better event", "2021", pair, goldstein=4),
        "retraction": retracting(records[1].event_id),
        "reinstatement": correcting(records[4].event_id, "event again", "2021", pair, goldstein=5),
        "leaves": correcting(records[2].event_id, "event of others", "2020", ["FR", "IT"]),
        "comes": correcting(stranger.event_id, "event of theirs", "2020", pair),
    }[change]
    position = await stack.append(record)
    changed = await read(stack, url, position, tag)
    if (change, query[0]) == ("retraction", "/"):
        return  # a summary that counts retracted events is the same
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_a_tag_belongs_to_its_question(stack: TimelineStack) -> None:
    position = await stack.append(*shelf(["BR", "AR"]))
    queries = [
        "", "?limit=2", "?limit=3", "?order=desc", "?include=retracted", "?count=true", "?type=visit", "/summary",
        "/summary?include=retracted",
    ]  # fmt: skip
    tags = [(await read(stack, f"/v1/timelines/ARG-BRA{query}", position)).headers["etag"] for query in queries]
    assert len(set(tags)) == len(queries)
    for query, tag in zip(queries, tags, strict=True):
        for other in tags:
            answer = await read(stack, f"/v1/timelines/ARG-BRA{query}", position, other)
            assert answer.status_code == (304 if other == tag else 200), query


async def test_a_page_behind_a_cursor_stays_as_it_is(stack: TimelineStack) -> None:
    records = shelf(["JP", "KR"])
    position = await stack.append(*records)
    cursor = (await read(stack, "/v1/timelines/JPN-KOR?limit=2", position)).json()["next"]
    url = f"/v1/timelines/JPN-KOR?limit=2&cursor={cursor}"
    second = await read(stack, url, position)
    assert [item["title"] for item in second.json()["items"]] == ["event 2", "event 3"]
    position = await stack.append(
        retracting(records[2].event_id), correcting(records[3].event_id, "moved", "1999", ["JP", "KR"])
    )
    again = await read(stack, url, position)
    assert (again.status_code, again.content) == (200, second.content)


async def test_a_search_that_finds_the_same_is_the_same(stack: TimelineStack) -> None:
    position = await stack.append(*shelf(["PE", "CL"]))
    for query in ("country=PE", "q=event&country=PE", "q=event&country=PE&order=relevance"):
        first = await read(stack, f"/v1/events?{query}", position)
        position = await stack.append(*(recording(f"event {n}", "2020", ["PT", "ES"]) for n in range(6)))
        again = await read(stack, f"/v1/events?{query}", position, first.headers["etag"])
        assert again.status_code == 304
