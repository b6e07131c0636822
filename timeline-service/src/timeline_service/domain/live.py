"""What live streams say: the records between two vectors, chosen by pair, by country or all, and the newest of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

import orjson

from event_schemas.positions import format_position
from timeline_service.domain.vectors import Vector, timeline_position
from timeline_service.domain.views import event_view

LEFT: Final = "left"


class BehindError(Exception):
    """The ring no longer holds all that came after a vector."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a listener asked for: a pair, a country, or with neither everything."""

    pair: tuple[str, str] | None = None
    country: str | None = None


EVERYTHING: Final = Topic()


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom an event is about, from which follow its pairs."""

    countries: frozenset[str]
    initiators: frozenset[str]

    @classmethod
    def of(cls, content: str) -> "Parties":
        """The parties of an event by the content that was stored of it."""
        event = orjson.loads(content)
        return cls(frozenset(event["countries"]), frozenset(event.get("initiators") or ()))

    def among(self, topic: Topic) -> bool:
        """Whether the event stands in the topic."""
        if topic.pair is not None:
            first, second = topic.pair
            if first not in self.countries or second not in self.countries:
                return False
            return not self.initiators or (first in self.initiators) != (second in self.initiators)
        return topic.country is None or topic.country in self.countries


@dataclass(slots=True)
class Item:
    """A projected record: `row` is that of the revision it made, `now` and `before` are its event's parties."""

    partition: int
    offset: int
    recorded_at: datetime
    outcome: str
    action: str | None
    revision: int | None
    problem: str | None = None
    row: Mapping[str, Any] | None = None
    now: Parties | None = None
    before: Parties | None = None
    _data: bytes = b""

    def event_for(self, topic: Topic) -> str | None:
        """What the record is to a topic: its outcome, `left` where the topic has lost the event, None if nothing."""
        if topic == EVERYTHING or (self.now is not None and self.now.among(topic)):
            return self.outcome
        return LEFT if self.before is not None and self.before.among(topic) else None

    @property
    def countries(self) -> frozenset[str]:
        """The countries in whose topics the record can be."""
        parties = [each.countries for each in (self.now, self.before) if each is not None]
        return frozenset().union(*parties)

    @property
    def data(self) -> bytes:
        """The record as the contract shapes it, in one line of JSON."""
        if not self._data:
            body: dict[str, Any] = {
                "position": format_position(self.partition, self.offset),
                "action": self.action,
                "revision": self.revision,
            }
            if self.row is not None:
                body["event"] = event_view(self.row)
            if self.problem is not None:
                body["problem"] = self.problem
            self._data = orjson.dumps(body)
        return self._data


@dataclass(slots=True)
class Notice:
    """A record as one topic hears of it; `vector` is where a listener stands after it."""

    event: str
    item: Item
    vector: Vector
    _text: bytes = b""

    @property
    def text(self) -> bytes:
        """The block of the event stream."""
        if not self._text:
            head = f"id: {timeline_position(self.vector)}\nevent: {self.event}\ndata: "
            self._text = b"%b%b\n\n" % (head.encode(), self.item.data)
        return self._text


@dataclass(slots=True)
class Chunk:
    """All records from the vector `start` up to `end`, in an order that is the log's within each partition."""

    start: Vector
    end: Vector
    items: Sequence[Item] = ()
    size: int = 0
    _vectors: list[Vector] = field(default_factory=list)
    _by_country: dict[str, list[int]] = field(default_factory=dict)
    _chosen: dict[Topic, list[Notice]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A partition's recorded_at never falls, so this keeps its order.
        self.items = sorted(self.items, key=lambda item: (item.recorded_at, item.partition, item.offset))
        at = list(merged(self.start, (0,) * len(self.end)))
        for number, item in enumerate(self.items):
            at[item.partition] = item.offset + 1
            self._vectors.append(tuple(at))
            for country in item.countries:
                self._by_country.setdefault(country, []).append(number)

    def notices(self, topic: Topic) -> Sequence[Notice]:
        """What a topic hears of the chunk. All its listeners share it; where it hears nothing, the look is cheap."""
        numbers = self._candidates(topic)
        if not numbers:
            return ()
        if topic not in self._chosen:
            self._chosen[topic] = [
                Notice(event, self.items[number], self._vectors[number])
                for number in numbers
                if (event := self.items[number].event_for(topic)) is not None
            ]
        return self._chosen[topic]

    def after(self, vector: Vector) -> "Chunk":
        """The chunk for a listener that is at its start or anywhere beyond: what that has seen is left out."""
        if vector == self.start:
            return self
        rest = [item for item in self.items if item.partition >= len(vector) or item.offset >= vector[item.partition]]
        return Chunk(merged(self.start, vector), merged(self.end, vector), rest, self.size)

    def _candidates(self, topic: Topic) -> Sequence[int]:
        if topic.pair is not None:
            first, second = (self._by_country.get(country, ()) for country in topic.pair)
            return min(first, second, key=len)
        if topic.country is not None:
            return self._by_country.get(topic.country, ())
        return range(len(self.items))


class Ring:
    """The newest chunks, each of which starts where the one before ended, bounded by records and bytes."""

    def __init__(self, end: Vector, most_items: int, most_bytes: int) -> None:
        self.end = end
        self._chunks: list[Chunk] = []
        self._by_start: dict[Vector, Chunk] = {}
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

    def following(self, vector: Vector) -> Chunk | None:
        """What came after a vector, or the first part of it; None if nothing did. Raises BehindError."""
        if covers(vector, self.end):
            return None
        if (chunk := self._by_start.get(vector)) is not None:
            return chunk
        for chunk in reversed(self._chunks):
            if covers(vector, chunk.start):
                return chunk.after(vector)
        raise BehindError


def covers(vector: Vector, other: Vector) -> bool:
    """Whether a vector is at another one or beyond it in every partition."""
    return vector == other or all(mine >= its for mine, its in zip_longest(vector, other, fillvalue=0))


def merged(vector: Vector, other: Vector) -> Vector:
    """The least vector that covers both."""
    return tuple(max(pair) for pair in zip_longest(vector, other, fillvalue=0))


def next_end(start: Vector, target: Vector, most: int) -> Vector:
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
