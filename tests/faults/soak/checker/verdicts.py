"""The contract's verdicts, judged once more from the bytes of the log, record by record in their order."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from tests.faults.soak.checker.language import (
    Vector,
    bounds_of,
    content_of,
    digest_of,
    fingerprint,
    pairs_of,
    partition_of,
)
from tests.faults.soak.checker.raw_log import Bounds, RawRecord

_HEADER: Final = ("content-type", b"application/cloudevents+json; charset=UTF-8")
_TYPE: Final = re.compile(r"dyadline\.event\.(recorded|corrected|retracted)\.v([1-9][0-9]{0,8})")
_TEXTS: Final = ("id", "source", "type", "subject", "time")


class Words(NamedTuple):
    """What a revision says, as far as reads are compared with it."""

    digest: bytes
    earliest: str
    latest: str
    countries: tuple[str, ...]
    pairs: tuple[str, ...]
    tags: tuple[str, ...]
    title: str


class Revision(NamedTuple):
    """An applied record. A retraction repeats the words that it retracts."""

    offset: int
    recorded_at: int
    action: str
    record_id: str
    words: Words
    reason: str | None

    @property
    def retracted(self) -> bool:
        """Whether the event does not hold after it."""
        return self.action == "retracted"


@dataclass(slots=True)
class Event:
    """An event and all that became of it. `accepted_at` and `recorded_at` are those of its first revision."""

    id: str
    partition: int
    accepted_at: str
    recorded_at: int
    revisions: list[Revision] = field(default_factory=list)

    @property
    def current(self) -> Revision:
        """Its last revision."""
        return self.revisions[-1]

    def position(self, number: int) -> str:
        """Where the record of a revision stands."""
        return f"{self.partition}:{self.revisions[number - 1].offset}"

    def at(self, vector: Vector) -> int:
        """Its revision at a vector, 0 before its first one."""
        offset = vector.get(self.partition, -1)
        return bisect_right(self.revisions, offset, key=lambda revision: revision.offset)

    def order(self, number: int) -> tuple[str, str, str, str]:
        """The contract's order, by a revision's date."""
        words = self.revisions[number - 1].words
        return words.earliest, words.latest, self.accepted_at, self.id


@dataclass(slots=True)
class Record:
    """A record of the log and the verdict on it. `recorded_at`, in milliseconds, never falls within a partition."""

    partition: int
    offset: int
    timestamp: int
    recorded_at: int
    raw: bytes
    event_id: str | None
    record_id: str = ""
    accepted_at: str = ""
    said: tuple[bytes, bytes] = (b"", b"")
    outcome: str = ""
    problem: str | None = None
    revision: int | None = None
    first: str | None = None
    value: bytes | None = None

    @property
    def position(self) -> str:
        """`partition:offset`."""
        return f"{self.partition}:{self.offset}"


@dataclass(slots=True)
class Log:
    """The log, judged: its records by partition, its events, and the pairs in which each has ever stood."""

    bounds: Bounds
    partitions: dict[int, list[Record]] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    pairs: dict[str, list[Event]] = field(default_factory=dict)
    _parked: set[str | None] = field(default_factory=set)

    @property
    def end(self) -> Vector:
        """The last position of each partition, inclusive."""
        return {partition: end - 1 for partition, end in self.bounds.ends.items() if end}

    def at(self, partition: int, offset: int) -> Record | None:
        """The record at a position, if there is one."""
        records = self.partitions.get(partition, [])
        found = bisect_right(records, offset, key=lambda record: record.offset)
        return records[found - 1] if found and records[found - 1].offset == offset else None

    def between(self, partition: int, start: int, end: int) -> list[Record]:
        """A partition's records in [start, end)."""
        records = self.partitions.get(partition, [])
        first, behind = (bisect_right(records, at - 1, key=lambda record: record.offset) for at in (start, end))
        return records[first:behind]

    def all(self) -> Iterator[Record]:
        """Every record, partition by partition."""
        for _, records in sorted(self.partitions.items()):
            yield from records

    def take(self, raw: RawRecord) -> None:
        """Judge the next record of a partition."""
        records = self.partitions.setdefault(raw.partition, [])
        recorded_at = max(raw.timestamp, records[-1].recorded_at if records else raw.timestamp)
        record = Record(raw.partition, raw.offset, raw.timestamp, recorded_at, raw.digest, None)
        records.append(record)
        envelope = _open(raw, len(self.bounds.ends))
        if envelope is None:
            record.outcome, record.problem, record.value = "rejected", "malformed", raw.value
            return
        record.event_id, record.record_id = envelope["subject"], envelope["id"]
        record.accepted_at = envelope["time"]
        _, _, action, version = envelope["type"].split(".")
        data = envelope.get("data")
        if version not in {"v1", "v2"}:
            record.outcome, record.problem, record.value = "parked", "unknown-version", raw.value
            self._parked.add(record.event_id)
            return
        if version == "v1" and action == "recorded":
            data = {"event": data}
        if not isinstance(data, dict) or not _valid(action, data):
            record.outcome, record.problem, record.value = "rejected", "malformed", raw.value
            return
        posted = data["event"] if action == "recorded" else data
        record.said = (fingerprint(action, record.event_id or "", posted), fingerprint(action, "", posted))
        if record.event_id in self._parked:
            record.outcome, record.problem = "parked", "behind-parked"
            return
        self._judge(record, action, data)

    def _judge(self, record: Record, action: str, data: dict[str, Any]) -> None:
        event = self.events.get(record.event_id or "")
        said = data.get("event")
        words = self._words_of(said) if said is not None else None
        if action == "recorded":
            if event is None:
                self._apply(record, None, action, words, None)
            elif data.get("on_existing") == "correct":
                self._judge_correcting(record, event, words, data["reason"])
            elif same := next((n for n, each in _said(event) if words and each.words.digest == words.digest), None):
                record.outcome, record.revision, record.first = "duplicate", same, event.position(same)
            else:
                record.outcome, record.problem, record.revision = "rejected", "conflict", len(event.revisions)
            return
        if event is None:
            record.outcome, record.problem = "rejected", "unknown-event"
            return
        current = len(event.revisions)
        applied = (n for n, each in enumerate(event.revisions, 1) if each.record_id == record.record_id)
        if known := next(applied, None):
            record.outcome, record.revision, record.first = "duplicate", known, event.position(known)
            return
        problem = None
        if data.get("expected_revision") not in (None, current):
            problem = "stale-revision"
        elif action == "retracted" and event.current.retracted:
            problem = "already-retracted"
        elif words and not event.current.retracted and event.current.words.digest == words.digest:
            problem = "no-change"
        if problem is not None:
            record.outcome, record.problem, record.revision = "rejected", problem, current
            return
        named = "reinstated" if action == "corrected" and event.current.retracted else action
        self._apply(record, event, named, words, data["reason"])

    def _judge_correcting(self, record: Record, event: Event, words: Words | None, reason: str) -> None:
        """What a feed says again: it holds, unless the event was retracted or says the same."""
        current = len(event.revisions)
        if event.current.retracted:
            record.outcome, record.problem, record.revision = "rejected", "retracted", current
        elif words and event.current.words.digest == words.digest:
            record.outcome, record.revision, record.first = "duplicate", current, event.position(current)
        else:
            self._apply(record, event, "corrected", words, reason)

    def _apply(self, record: Record, event: Event | None, action: str, words: Words | None, reason: str | None) -> None:
        if event is None:
            event = Event(str(record.event_id), record.partition, record.accepted_at, record.recorded_at)
            self.events[event.id] = event
        words = words or event.current.words
        known = {pair for each in event.revisions for pair in each.words.pairs}
        for pair in words.pairs:
            if pair not in known:
                self.pairs.setdefault(pair, []).append(event)
        event.revisions.append(Revision(record.offset, record.recorded_at, action, record.record_id, words, reason))
        record.outcome, record.revision = "applied", len(event.revisions)

    def _words_of(self, said: dict[str, Any]) -> Words:
        content = content_of(said)
        digest = digest_of(content)
        earliest, latest = bounds_of(content["when"])
        countries = tuple(content["countries"])
        pairs = pairs_of(countries, tuple(content.get("initiators", ())))
        tags = tuple(content.get("tags", ()))
        return Words(digest, earliest, latest, countries, pairs, tags, content["title"])


def _said(event: Event) -> Iterator[tuple[int, Revision]]:
    """The revisions that brought words of their own, with their numbers."""
    return ((n, each) for n, each in enumerate(event.revisions, 1) if each.action != "retracted")


def _open(raw: RawRecord, partitions: int) -> dict[str, Any] | None:
    """The CloudEvent in a record; None where the contract calls it malformed."""
    if not raw.value or not raw.key or dict(raw.headers).get(_HEADER[0]) != _HEADER[1]:
        return None
    try:
        envelope = orjson.loads(raw.value)
        key = raw.key.decode("ascii")
        if str(UUID(key)) != key or partition_of(raw.key, partitions) != raw.partition:
            return None
    except ValueError:
        return None
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0" or envelope.get("subject") != key:
        return None
    if not all(isinstance(envelope.get(name), str) and envelope[name] for name in _TEXTS):
        return None
    if not envelope["source"].startswith("urn:dyadline:") or not _TYPE.fullmatch(envelope["type"]):
        return None
    return envelope


def _valid(action: str, data: dict[str, Any]) -> bool:
    """Whether data is what the load writes; what others write to the topic either is no object, or misses something."""
    if action != "recorded" and not isinstance(data.get("reason"), str):
        return False
    said = data.get("event")
    if action == "retracted":
        return said is None
    return isinstance(said, dict) and {"title", "when", "countries", "type"} <= said.keys()
