from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clients.event_streams import Listener

from event_schemas.countries import pairs_of
from event_schemas.positions import PositionError
from timeline_service.domain.feed import (
    EVERYTHING,
    BehindError,
    Chunk,
    Item,
    Parties,
    Ring,
    Subscription,
    covers,
    live_id,
    merged,
    next_end,
    read_live_id,
)
from timeline_service.domain.vectors import OffsetVector
from timeline_service.feed.notices import write_item, write_notice

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
CODES = ["CHN", "FRA", "IND", "PAK", "USA"]
PARTITIONS = 3
vectors = st.tuples(*[st.integers(0, 9)] * PARTITIONS)


def parties(countries: list[str], initiators: list[str] | None = None) -> Parties:
    return Parties.of(orjson.dumps({"countries": countries, "initiators": initiators}).decode())


def item(partition: int, offset: int, **fields: Any) -> Item:
    given = {"outcome": "rejected", "action": "corrected", "revision": 1, "now": parties(["CHN", "IND"]), **fields}
    return Item(partition, offset, MOMENT + timedelta(seconds=offset), **given)


def log_chunk(start: OffsetVector, end: OffsetVector) -> Chunk:
    """All records of a log in which everybody always speaks of India and China."""
    return Chunk(
        start, end, [item(p, offset) for p in range(PARTITIONS) for offset in range(start[p], end[p])], size=sum(end)
    )


def places(chunk: Chunk, subscription: Subscription = EVERYTHING) -> list[tuple[int, int]]:
    return [(notice.item.partition, notice.item.offset) for notice in chunk.notices(subscription)]


@given(st.lists(st.sampled_from(CODES), min_size=2, unique=True), st.data())
def test_a_topic_holds_exactly_the_events_of_its_pair_and_country(countries: list[str], data: st.DataObject) -> None:
    initiators = data.draw(st.lists(st.sampled_from(countries), unique=True, max_size=len(countries) - 1))
    of_event, pairs = parties(countries, initiators), pairs_of(countries, initiators)
    for first, second in combinations(CODES, 2):
        assert of_event.among(Subscription(pair=(first, second))) == (f"{first}-{second}" in pairs)
    for code in CODES:
        assert of_event.among(Subscription(country=code)) == any(code in pair.split("-") for pair in pairs)
    assert of_event.among(EVERYTHING)


def test_an_event_is_left_where_it_was_and_applied_where_it_is() -> None:
    moved = item(0, 0, outcome="applied", before=parties(["CHN", "IND"]), now=parties(["IND", "PAK"]))
    assert moved.event_for(Subscription(pair=("CHN", "IND"))) == "left"
    assert moved.event_for(Subscription(pair=("IND", "PAK"))) == "applied"
    assert moved.event_for(Subscription(pair=("CHN", "PAK"))) is None
    assert [moved.event_for(Subscription(country=code)) for code in CODES] == ["left", None, "applied", "applied", None]
    assert moved.event_for(EVERYTHING) == "applied"


def test_a_record_without_a_known_event_is_heard_by_all_and_nobody_else() -> None:
    chunk = Chunk((0, 0, 0), (1, 0, 0), [item(0, 0, now=None, action=None, revision=None, problem="malformed")])
    assert places(chunk) == [(0, 0)]
    assert places(chunk, Subscription(country="IND")) == places(chunk, Subscription(pair=("CHN", "IND"))) == []
    (notice,) = chunk.notices(EVERYTHING)
    assert write_item(notice.item) == b'{"position":"0:0","action":null,"revision":null,"problem":"malformed"}'


@given(vectors, vectors)
def test_ids_hold_all_before_and_grow_in_the_order_of_the_log(start: OffsetVector, other: OffsetVector) -> None:
    chunk = log_chunk(start, merged(start, other))
    seen, text = start, b""
    for notice in chunk.notices(EVERYTHING):
        partition, offset = notice.item.partition, notice.item.offset
        assert offset == seen[partition]
        seen = tuple(at + (number == partition) for number, at in enumerate(seen))
        assert notice.vector == seen
        text += write_notice(notice)
    assert seen == chunk.end
    told = Listener()
    for line in text.decode().split("\n"):
        told.take(line)
    assert [event.data["position"] for event in told.events] == [f"{p}:{offset}" for p, offset in places(chunk)]


@given(vectors, vectors, vectors)
def test_the_rest_of_a_chunk_is_what_was_not_seen(start: OffsetVector, other: OffsetVector, more: OffsetVector) -> None:
    chunk, seen = log_chunk(start, merged(start, other)), merged(start, more)
    rest = chunk.after(seen)
    assert (rest.start, rest.end) == (seen, merged(seen, chunk.end))
    assert places(rest) == [(p, offset) for p, offset in places(chunk) if offset >= seen[p]]


@given(st.lists(vectors, min_size=1, max_size=8), vectors, st.integers(1, 20))
def test_a_listener_at_any_vector_hears_each_record_once(
    ends: list[OffsetVector], at: OffsetVector, most_items: int
) -> None:
    ring = Ring((0,) * PARTITIONS, most_items, 10**6)
    chunks = []
    for end in ends:
        ring.append(log_chunk(ring.end, merged(ring.end, end)))
        chunks.append(ring.end)
    heard: list[tuple[int, int]] = []
    vector = at
    try:
        while (chunk := ring.following(vector)) is not None:
            assert chunk.start == vector
            assert chunk.end != vector
            heard += places(chunk)
            vector = chunk.end
    except BehindError:
        assert not heard
        assert ring.items > 0
        return
    assert sorted(heard) == [(p, offset) for p in range(PARTITIONS) for offset in range(at[p], ring.end[p])]
    assert vector == merged(at, ring.end)


def test_a_ring_is_bounded_by_records_and_by_bytes() -> None:
    ring = Ring((0, 0, 0), most_items=10, most_bytes=100)
    for end in range(1, 60):
        ring.append(log_chunk((end - 1, 0, 0), (end, 0, 0)))
        assert ring.items <= 10
        assert ring.size <= 100 or ring.items == 1
    with pytest.raises(BehindError):
        ring.following((40, 0, 0))
    assert ring.following((58, 0, 0)) is not None
    assert ring.following((59, 0, 0)) is None
    assert ring.following((60, 0, 0)) is None


def test_a_listener_from_before_the_first_projector_is_at_the_beginning() -> None:
    ring = Ring((), 10, 1000)
    ring.append(log_chunk((0, 0, 0), (1, 0, 1)))
    chunk = ring.following(())
    assert chunk is not None
    assert places(chunk) == [(0, 0), (2, 0)]


@given(vectors, vectors, st.integers(1, 20))
def test_reading_comes_nearer_in_every_partition_and_arrives(
    start: OffsetVector, target: OffsetVector, most: int
) -> None:
    at, steps = start, 0
    while (end := next_end(at, target, most)) != at:
        assert covers(end, at)
        assert sum(end) - sum(at) <= max(most, PARTITIONS)
        assert all(e > a for e, a, t in zip(end, at, target, strict=True) if t > a)
        at, steps = end, steps + 1
    assert at == merged(start, target)
    assert steps <= 27


def test_a_topic_without_news_is_a_look_and_one_with_news_is_written_once() -> None:
    chunk = log_chunk((0, 0, 0), (5, 5, 5))
    assert chunk.notices(Subscription(country="PAK")) == ()
    assert chunk.notices(Subscription(pair=("CHN", "PAK"))) == ()
    subscription = Subscription(pair=("CHN", "IND"))
    assert chunk.notices(subscription) is chunk.notices(subscription)
    notice = chunk.notices(subscription)[0]
    assert write_item(notice.item) is write_item(notice.item)


def with_redrives(start: OffsetVector, end: OffsetVector, redriven: Sequence[tuple[int, int]]) -> Chunk:
    """A chunk of two partitions: `redriven` are the (partition, offset) of the redrives from `start` to `end`."""
    items = [item(p, offset) for p in range(2) for offset in range(start[p], end[p])]
    numbers = list(start[2:])
    for partition, offset in redriven:
        items.append(item(partition, offset, outcome="applied", redrive=numbers[partition]))
        numbers[partition] += 1
    assert tuple(numbers) == end[2:]
    return Chunk(start, end, items, partitions=2, generation=3)


def test_a_redrive_is_told_to_who_knows_the_record_and_once() -> None:
    chunk = with_redrives((4, 2, 0, 1), (6, 2, 2, 2), [(0, 1), (0, 5), (1, 0)])
    told = [(notice.item.partition, notice.item.offset, notice.event) for notice in chunk.notices(EVERYTHING)]
    assert told == [(0, 1, "applied"), (1, 0, "applied"), (0, 4, "rejected"), (0, 5, "rejected")]
    ids = [notice.id for notice in chunk.notices(EVERYTHING)]
    assert ids == ["0:3,1:1;3/0:0,1:0", "0:3,1:1;3/0:1,1:1", "0:4,1:1;3/0:1,1:1", "0:5,1:1;3/0:1,1:1"]
    for number, notice in enumerate(chunk.notices(EVERYTHING)):
        rest = chunk.after(notice.vector)
        assert [(each.item.partition, each.item.offset, each.event) for each in rest.notices(EVERYTHING)] == told[
            number + 1 :
        ]
    # Whoever was told of 0:5 as it was before, elsewhere, is told of its redrive here.
    ahead = chunk.after((6, 2, 0, 1)).notices(EVERYTHING)
    assert [(each.item.partition, each.item.offset) for each in ahead] == [(0, 1), (0, 5), (1, 0)]


@given(st.lists(st.integers(0, 99), min_size=1, max_size=5), st.data(), st.integers(0, 10**8))
def test_an_id_says_where_a_listener_stands(offsets: list[int], data: st.DataObject, generation: int) -> None:
    told = data.draw(st.lists(st.integers(0, 9), min_size=len(offsets), max_size=len(offsets)))
    written = live_id((*offsets, *told), len(offsets), generation)
    positions, of, redrives = read_live_id(written)
    assert positions == {p: offset - 1 for p, offset in enumerate(offsets) if offset}
    assert redrives == {p: number - 1 for p, number in enumerate(told) if number}
    assert of == (generation if any(told) else None)
    assert (";" in written) == any(told)


@pytest.mark.parametrize(
    "text", ["0:1;", "0:1;2", "0:1;x/0:1", "0:1;-2/0:1", "0:1;2/x", "0:1;2/0:1;2/0:1", ";", "0:1;²/0:1"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(PositionError):
        read_live_id(text)
