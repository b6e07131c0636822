"""What live streams say: the records between two vectors, chosen by pair, by country or all, and the newest of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final

import orjson

from event_schemas.positions import PositionError, parse_positions
from timeline_service.domain.revisions import Revision
from timeline_service.domain.vectors import OffsetVector, ReadPoint, timeline_position, vector_of

LEFT: Final = "left"
_MAX_DIGITS: Final = 9


class BehindError(Exception):
    """The ring no longer holds all that came after a vector."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a listener asked for: a pair, a country, or with neither everything."""

    pair: tuple[str, str] | None = None
    country: str | None = None


EVERYTHING: Final = Subscription()


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom an event is about, from which follow its pairs."""

    countries: frozenset[str]
    initiators: frozenset[str]

    @classmethod
    def of(cls, content: str) -> "Parties":
        """The parties of an event by the content that was stored of it."""
        event = orjson.loads(content)
        return _parties(tuple(event["countries"]), tuple(event.get("initiators") or ()))

    def among(self, subscription: Subscription) -> bool:
        """Whether the event stands in the subscription."""
        if subscription.pair is not None:
            first, second = subscription.pair
            if first not in self.countries or second not in self.countries:
                return False
            return not self.initiators or (first in self.initiators) != (second in self.initiators)
        return subscription.country is None or subscription.country in self.countries


@lru_cache(maxsize=10_000)
def _parties(countries: tuple[str, ...], initiators: tuple[str, ...]) -> Parties:
    """The same for the same countries, of which most events are about few: a ring holds thousands of them."""
    return Parties(frozenset(countries), frozenset(initiators))


@dataclass(slots=True)
class Item:
    """A projected record: `row` is that of the revision it made, until `data` says it; `now` and `before` are parties.

    `redrive` is its number among those of its partition that were parked, and told as such, and then judged again.
    """

    partition: int
    offset: int
    recorded_at: datetime
    outcome: str
    action: str | None
    revision: int | None
    problem: str | None = None
    row: Revision | None = None
    now: Parties | None = None
    before: Parties | None = None
    redrive: int | None = None
    #: As `feed.notices` writes it, once that has.
    data: bytes = b""

    def event_for(self, subscription: Subscription) -> str | None:
        """What the record is to a subscription: its outcome, `left` where it has lost the event, None if nothing."""
        if subscription == EVERYTHING or (self.now is not None and self.now.among(subscription)):
            return self.outcome
        return LEFT if self.before is not None and self.before.among(subscription) else None

    @property
    def countries(self) -> frozenset[str]:
        """The countries in whose topics the record can be."""
        parties = [each.countries for each in (self.now, self.before) if each is not None]
        return frozenset().union(*parties)


def live_vector(point: ReadPoint) -> OffsetVector:
    """Where a listener stands: the next offset of each partition, and then how many redrives it was told of each.

    Redrives are a second log of each partition, so that all that holds of offsets holds of them as well.
    """
    return point.vector + vector_of(dict(enumerate(point.redrives)), len(point.vector))


def live_id(vector: OffsetVector, partitions: int, generation: int) -> str:
    """Where a listener stands, as an event's id: a `Timeline-Position`, and behind it, once there was any redrive, the
    generation and the last one of each partition: `0:5,1:7;2/0:3`.
    """
    position, told = timeline_position(vector[:partitions]), timeline_position(vector[partitions:])
    return f"{position};{generation}/{told}" if told else position


def read_live_id(text: str) -> tuple[dict[int, int], int | None, dict[int, int]]:
    """The positions of an id, its generation if it knows redrives, and the last of those; raises PositionError."""
    position, behind, rest = text.partition(";")
    generation, slash, told = rest.partition("/")
    if not behind:
        return parse_positions(position), None, {}
    if not (slash and generation.isascii() and generation.isdecimal() and len(generation) <= _MAX_DIGITS):
        raise PositionError(f"{text[:80]!r} is not the id of an event")
    return parse_positions(position), int(generation), parse_positions(told)


@dataclass(slots=True)
class Notice:
    """A record as one subscription hears of it; `vector` is where a listener stands after it."""

    event: str
    item: Item
    vector: OffsetVector
    id: str


@dataclass(slots=True)
class Chunk:
    """All records from the vector `start` up to `end`, in an order that is the log's within each partition.

    Where there are redrives, vectors are `live_vector`s of so many `partitions`. They were read in one snapshot with
    the records, and come first; of one whose record is still to come nothing is said: that comes as it is now.
    """

    start: OffsetVector
    end: OffsetVector
    items: Sequence[Item] = ()
    size: int = 0
    partitions: int | None = None
    generation: int = 0
    _all: Sequence[Item] = ()
    _vectors: list[OffsetVector] = field(default_factory=list)
    _by_country: dict[str, list[int]] = field(default_factory=dict)
    _chosen: dict[Subscription, list[Notice]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A partition's recorded_at never falls, so this keeps its order.
        self._all = sorted(self.items, key=_in_order)
        told: list[Item] = []
        self.items = told
        at = list(merged(self.start, (0,) * len(self.end)))
        for item in self._all:
            slot, place = self._place(item)
            at[slot] = place + 1
            if item.redrive is not None and item.offset >= at[item.partition]:
                continue
            for country in item.countries:
                self._by_country.setdefault(country, []).append(len(told))
            told.append(item)
            self._vectors.append(tuple(at))

    def notices(self, subscription: Subscription) -> Sequence[Notice]:
        """What a subscription hears of the chunk, for all its listeners. Where that is nothing, the look is cheap."""
        numbers = self._candidates(subscription)
        if not numbers:
            return ()
        if subscription not in self._chosen:
            self._chosen[subscription] = [
                Notice(event, self.items[number], vector := self._vectors[number], self.id_at(vector))
                for number in numbers
                if (event := self.items[number].event_for(subscription)) is not None
            ]
        return self._chosen[subscription]

    def after(self, vector: OffsetVector) -> "Chunk":
        """The chunk for a listener that is at its start or anywhere beyond: what that has seen is left out."""
        if vector == self.start:
            return self
        seen = dict(enumerate(vector))
        rest = [item for item in self._all for slot, place in [self._place(item)] if place >= seen.get(slot, 0)]
        start, end = merged(self.start, vector), merged(self.end, vector)
        return Chunk(start, end, rest, self.size, self.partitions, self.generation)

    def id_at(self, vector: OffsetVector) -> str:
        """The id of a vector of this chunk."""
        return live_id(vector, len(vector) if self.partitions is None else self.partitions, self.generation)

    def _place(self, item: Item) -> tuple[int, int]:
        """Where an item stands among the vector's numbers, and its own number there."""
        if item.redrive is None:
            return item.partition, item.offset
        assert self.partitions is not None
        return self.partitions + item.partition, item.redrive

    def _candidates(self, subscription: Subscription) -> Sequence[int]:
        if subscription.pair is not None:
            first, second = (self._by_country.get(country, ()) for country in subscription.pair)
            return min(first, second, key=len)
        if subscription.country is not None:
            return self._by_country.get(subscription.country, ())
        return range(len(self.items))


class Ring:
    """The newest chunks, each of which starts where the one before ended, bounded by records and bytes."""

    def __init__(self, end: OffsetVector, most_items: int, most_bytes: int) -> None:
        self.end = end
        self._chunks: list[Chunk] = []
        self._by_start: dict[OffsetVector, Chunk] = {}
        self._most_items, self._most_bytes = most_items, most_bytes
        self.items = self.size = 0

    def append(self, chunk: Chunk) -> None:
        """Add the next chunk; the oldest go where there is no room. The newest always stays."""
        if chunk.end == self.end:
            return
        self._chunks.append(chunk)
        self._by_start[chunk.start] = chunk
        self.items += max(1, len(chunk.items))  # offsets may hold no record
        self.size += chunk.size
        self.end = chunk.end
        while len(self._chunks) > 1 and (self.items > self._most_items or self.size > self._most_bytes):
            oldest = self._chunks.pop(0)
            del self._by_start[oldest.start]
            self.items -= max(1, len(oldest.items))
            self.size -= oldest.size

    def following(self, vector: OffsetVector) -> Chunk | None:
        """What came after a vector, or the first part of it; None if nothing did. Raises BehindError."""
        if covers(vector, self.end):
            return None
        if (chunk := self._by_start.get(vector)) is not None:
            return chunk
        for chunk in reversed(self._chunks):
            if covers(vector, chunk.start):
                return chunk.after(vector)
        raise BehindError


def _in_order(item: Item) -> tuple[Any, ...]:
    if item.redrive is not None:
        return 0, item.partition, item.redrive
    return 1, item.recorded_at, item.partition, item.offset


def covers(vector: OffsetVector, other: OffsetVector) -> bool:
    """Whether a vector is at another one or beyond it in every partition."""
    return vector == other or all(mine >= its for mine, its in zip_longest(vector, other, fillvalue=0))


def merged(vector: OffsetVector, other: OffsetVector) -> OffsetVector:
    """The least vector that covers both."""
    return tuple(max(pair) for pair in zip_longest(vector, other, fillvalue=0))


def next_end(start: OffsetVector, target: OffsetVector, most: int) -> OffsetVector:
    """How far to read from `start` to `target` in one go of at most so many offsets, shared by the partitions."""
    lags = {p: end - at for p, (at, end) in enumerate(zip_longest(start, target, fillvalue=0)) if end > at}
    end = list(merged(start, (0,) * len(target)))
    waiting, left = len(lags), most
    for partition, lag in sorted(lags.items(), key=lambda item: item[1]):
        taken = min(lag, max(1, left // waiting))
        end[partition] += taken
        waiting, left = waiting - 1, left - taken
    return tuple(end)


def cut(items: Iterable[Item], ends: Mapping[int, int]) -> list[Item]:
    """The items before the offset at which their partition ends."""
    return [item for item in items if item.offset < ends[item.partition]]
