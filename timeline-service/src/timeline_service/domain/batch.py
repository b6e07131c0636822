"""A batch of records folded against the events that they are about: pure, into rows to write.

An event's records come in the order of the log; whole events may come in any.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from timeline_service.domain.arrivals import Arrival, Refusal, failure, write_headers
from timeline_service.domain.entries import Standing, standing, standing_of_content
from timeline_service.domain.fold import History, Verdict, apply

BEHIND = "behind-parked"
_MOST_PAIR_ROWS = 40_000


@dataclass(slots=True)
class Known:
    """What is known of an event before the batch: its history, its current words, whether a record of it is parked."""

    history: History | None = None
    content: str | None = None
    parked: bool = False


@dataclass(slots=True)
class Counts:
    """Outcomes of a partition's records."""

    applied: int = 0
    duplicate: int = 0
    rejected: int = 0
    parked: int = 0

    def add(self, outcome: str) -> None:
        """Count one more."""
        setattr(self, outcome, getattr(self, outcome) + 1)


@dataclass(slots=True)
class Changes:
    """What a batch changes, as rows of the generation's tables in the order of their columns.

    Rows that the batch itself makes obsolete are closed before they are written; `closed_…` are rows of before.
    `standings` are those of the revisions, by partition and offset.
    """

    revisions: list[list[Any]] = field(default_factory=list)
    entries: list[list[Any]] = field(default_factory=list)
    outcomes: list[tuple[Any, ...]] = field(default_factory=list)
    closed_revisions: list[tuple[str, int, int]] = field(default_factory=list)
    closed_entries: list[tuple[Any, ...]] = field(default_factory=list)
    pair_counts: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    counts: dict[int, Counts] = field(default_factory=dict)
    standings: dict[tuple[int, int], Standing] = field(default_factory=dict)


REVISION_COLUMNS = (
    "event_id", "revision", "partition", "from_offset", "until_offset", "action", "record_id", "principal", "reason",
    "duplicate_of", "origin_source", "origin_id", "accepted_at", "recorded_at", "first_accepted_at",
    "first_recorded_at", "digest", "content",
)  # fmt: skip
ENTRY_COLUMNS = (
    "pair", "span", "earliest", "latest", "accepted_at", "event_id", "revision", "partition", "from_offset",
    "until_offset", "retracted", "type", "valence", "domain", "stage", "sources", "goldstein", "direction",
)  # fmt: skip
OUTCOME_COLUMNS = (
    "partition", "offset", "event_id", "outcome", "problem", "detail", "revision", "first_position", "recorded_at",
    "key", "value", "headers", "code_version", "attempted",
)  # fmt: skip
UNTIL_OF_REVISION = REVISION_COLUMNS.index("until_offset")
UNTIL_OF_ENTRY = ENTRY_COLUMNS.index("until_offset")


def fold_batch(arrivals: Iterable[Arrival], known: Mapping[str, Known], code_version: str = "") -> Changes:
    """Fold a batch. `known` has an entry for each event that the batch's records are about.

    `code_version` says in the rows of parked records which code could not judge them.
    """
    fold = _BatchFold(known, code_version)
    for arrival in arrivals:
        fold.take(arrival)
    return fold.changes


def bounded(arrivals: Iterable[Arrival]) -> list[list[Arrival]]:
    """A batch in parts that write a bounded number of rows: an event of 60 countries has 1,770 pairs."""
    parts: list[list[Arrival]] = [[]]
    rows = 0
    for arrival in arrivals:
        if rows > _MOST_PAIR_ROWS:
            parts.append([])
            rows = 0
        parts[-1].append(arrival)
        event = arrival.record.event if arrival.record is not None else None
        rows += len(event.countries) * (len(event.countries) - 1) // 2 if event is not None else 1
    return [part for part in parts if part]


class _BatchFold:
    """The fold of one batch: the events as they are so far, and the rows that are still open to change."""

    def __init__(self, known: Mapping[str, Known], code_version: str) -> None:
        self.changes = Changes()
        self._code_version = code_version
        self._known = known
        self._standings: dict[str, Standing] = {}
        self._fresh_revision: dict[str, list[Any]] = {}
        self._fresh_entries: dict[str, list[list[Any]]] = {}

    def take(self, arrival: Arrival) -> None:
        known = self._known.get(arrival.event_id or "")
        if arrival.refusal is not None:
            if known is not None and arrival.refusal.outcome == "parked":
                known.parked = True
            return self._refuse(arrival, arrival.refusal)
        assert arrival.record is not None
        assert known is not None
        if known.parked:
            return self._refuse(arrival, Refusal("parked", BEHIND, "an earlier record of this event is parked"))
        try:
            history, verdict = apply(known.history, arrival.record, arrival.place)
        except Exception as error:  # isolated by its nature, since apply is pure: newer code can cure it
            known.parked = True
            return self._refuse(arrival, failure(error))
        if verdict.outcome == "applied":
            assert history is not None
            self._revise(arrival, known, history)
            known.history = history
        else:
            self._outcome(arrival, verdict)
        self._count(arrival, verdict.outcome)

    def _revise(self, arrival: Arrival, known: Known, history: History) -> None:
        record, place, current = arrival.record, arrival.place, history.current
        assert record is not None
        if known.history is not None:
            self._close(arrival, record.event_id, known, known.history)
        if record.event is not None and record.content is not None:
            known.content = record.content.decode()
            stands = standing(record.event.__dict__)
        else:
            stands = self._standing(record.event_id, known)
        self._standings[record.event_id] = self.changes.standings[place.partition, place.offset] = stands
        origin_source, origin_id = record.origin or (None, None)
        row = [
            record.event_id, current.number, place.partition, place.offset, None, current.action, record.record_id,
            record.principal, record.reason, record.duplicate_of, origin_source, origin_id, record.accepted_at,
            place.recorded_at, history.first_accepted_at, history.first_recorded_at,
            bytes.fromhex(record.digest) if record.digest else None, known.content,
        ]  # fmt: skip
        self.changes.revisions.append(row)
        self._fresh_revision[record.event_id] = row
        entries = [
            [
                pair, stands.span, stands.earliest, stands.latest, history.first_accepted_at, record.event_id,
                current.number, place.partition, place.offset, None, history.retracted, *stands.traits, direction,
            ]
            for pair, direction in zip(stands.pairs, stands.directions, strict=True)
        ]  # fmt: skip
        self.changes.entries += entries
        self._fresh_entries[record.event_id] = entries
        self._touch(arrival, stands, 0 if history.retracted else 1)

    def _close(self, arrival: Arrival, event_id: str, known: Known, before: History) -> None:
        """End the rows of the revision that this record replaces, whether they are written yet or not."""
        offset = arrival.place.offset
        stands = self._standing(event_id, known)
        if (row := self._fresh_revision.get(event_id)) is not None:
            row[UNTIL_OF_REVISION] = offset
            for entry in self._fresh_entries[event_id]:
                entry[UNTIL_OF_ENTRY] = offset
        else:
            self.changes.closed_revisions.append((event_id, before.current.number, offset))
            key = (stands.span, stands.earliest, stands.latest, before.first_accepted_at, event_id, offset)
            self.changes.closed_entries += [(pair, *key) for pair in stands.pairs]
        self._touch(arrival, stands, 0 if before.retracted else -1)

    def _standing(self, event_id: str, known: Known) -> Standing:
        if (stands := self._standings.get(event_id)) is not None:
            return stands
        assert known.content is not None
        return standing_of_content(known.content)

    def _touch(self, arrival: Arrival, stands: Standing, change: int) -> None:
        for pair in stands.pairs:
            key = (arrival.place.partition, pair)
            events, last = self.changes.pair_counts.get(key, (0, 0))
            self.changes.pair_counts[key] = (events + change, max(last, arrival.place.offset))

    def _outcome(self, arrival: Arrival, verdict: Verdict) -> None:
        place = arrival.place
        self.changes.outcomes.append((
            place.partition, place.offset, arrival.event_id, verdict.outcome, verdict.problem, None,
            verdict.revision, verdict.first_position, place.recorded_at, None, None, None, None,
            arrival.record.action if arrival.record is not None else None,
        ))  # fmt: skip

    def _refuse(self, arrival: Arrival, refusal: Refusal) -> None:
        raw, place = arrival.raw, arrival.place
        self.changes.outcomes.append((
            place.partition, place.offset, arrival.event_id, refusal.outcome, refusal.problem, refusal.detail,
            None, None, place.recorded_at, raw.key, raw.value, write_headers(raw.headers),
            self._code_version if refusal.outcome == "parked" else None,
            arrival.record.action if arrival.record is not None else None,
        ))  # fmt: skip
        self._count(arrival, refusal.outcome)

    def _count(self, arrival: Arrival, outcome: str) -> None:
        self.changes.counts.setdefault(arrival.place.partition, Counts()).add(outcome)
