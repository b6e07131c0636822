"""A batch of records folded against the events that they are about: pure, into rows to write.

An event's records come in the order of the log; whole events may come in any.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import comb

from timeline_service.judge.arrivals import MAX_BYTES, Arrival, Refusal, failure, write_headers
from timeline_service.judge.entries import Said, standing
from timeline_service.judge.fold import History, Verdict, apply
from timeline_service.judge.rows import ClosedEntry, ClosedRevision, EntryRow, OutcomeRow, RevisionRow

BEHIND = "behind-parked"
_MAX_PAIR_ROWS = 40_000


@dataclass(slots=True)
class Known:
    """What is known of an event so far: its history, what it says now, whether a record of it is parked."""

    history: History | None = None
    said: Said | None = None
    parked: bool = False


@dataclass(slots=True)
class Counts:
    """Outcomes of a partition's records, and its offsets that hold none: together its offsets."""

    applied: int = 0
    duplicate: int = 0
    rejected: int = 0
    parked: int = 0
    gaps: int = 0

    def add(self, outcome: str) -> None:
        """Count one more."""
        setattr(self, outcome, getattr(self, outcome) + 1)


@dataclass(slots=True)
class Changes:
    """What a batch changes, as rows of the generation's tables.

    Rows that the batch itself makes obsolete are closed before they are written; `closed_…` are rows of before.
    `said` is what the revisions say, by partition and offset.
    """

    revisions: list[RevisionRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    closed_revisions: list[ClosedRevision] = field(default_factory=list)
    closed_entries: list[ClosedEntry] = field(default_factory=list)
    pair_counts: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    counts: dict[int, Counts] = field(default_factory=dict)
    said: dict[tuple[int, int], Said] = field(default_factory=dict)


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
        if rows > _MAX_PAIR_ROWS:
            parts.append([])
            rows = 0
        parts[-1].append(arrival)
        event = arrival.record.event if arrival.record is not None else None
        rows += comb(len(event["countries"]), 2) if event is not None else 1
    return [part for part in parts if part]


class _BatchFold:
    """The fold of one batch: the events as they are so far, and which of its rows are still open."""

    def __init__(self, known: Mapping[str, Known], code_version: str) -> None:
        self.changes = Changes()
        self._code_version = code_version
        self._known = known
        self._open_revision: dict[str, int] = {}
        self._open_entries: dict[str, slice] = {}

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
            refusal = failure(error, arrival.place)
            known.parked = True
            return self._refuse(arrival, refusal)
        if verdict.outcome == "applied":
            assert history is not None
            self._revise(arrival, known, history)
            known.history = history
        else:
            self._outcome(arrival, verdict)
        self._count(arrival, verdict.outcome)

    def _revise(self, arrival: Arrival, known: Known, history: History) -> None:
        record, (partition, offset, recorded_at) = arrival.record, arrival.place
        assert record is not None
        event_id, changes = record.event_id, self.changes
        if known.history is not None:
            self._close(arrival, event_id, known, known.history)
        if record.event is not None and record.content is not None:
            known.said = Said(record.content.decode(), record.event, standing(record.event))
        assert known.said is not None
        changes.said[partition, offset] = known.said
        accepted_at, first_recorded_at, revisions = history
        number, action = revisions[-1][:2]
        origin_source, origin_id = record.origin or (None, None)
        self._open_revision[event_id] = len(changes.revisions)
        changes.revisions.append(
            RevisionRow(
                event_id, number, partition, offset, None, action, record.record_id, record.principal, record.reason,
                record.duplicate_of, origin_source, origin_id, record.accepted_at, recorded_at, accepted_at,
                first_recorded_at, bytes.fromhex(record.digest) if record.digest else None, known.said.content,
            )
        )  # fmt: skip
        pairs, span, earliest, latest, directions, traits = known.said.stands
        retracted = history.retracted
        shared = (
            span, earliest, latest, accepted_at, event_id, number, partition, offset, None, retracted, *traits
        )  # fmt: skip
        self._open_entries[event_id] = slice(len(changes.entries), len(changes.entries) + len(pairs))
        changes.entries += [
            EntryRow(pair, *shared, direction) for pair, direction in zip(pairs, directions, strict=True)
        ]
        self._touch(arrival, pairs, 0 if retracted else 1)

    def _close(self, arrival: Arrival, event_id: str, known: Known, before: History) -> None:
        """End the rows of the revision that this record replaces, whether they are written yet or not."""
        offset, changes = arrival.place.offset, self.changes
        assert known.said is not None
        stands = known.said.stands
        if (index := self._open_revision.get(event_id)) is not None:
            changes.revisions[index] = changes.revisions[index]._replace(until_offset=offset)
            entries = self._open_entries[event_id]
            changes.entries[entries] = [entry._replace(until_offset=offset) for entry in changes.entries[entries]]
        else:
            changes.closed_revisions.append(ClosedRevision(event_id, before.current.number, offset))
            key = (stands.span, stands.earliest, stands.latest, before.first_accepted_at, event_id, offset)
            changes.closed_entries += [ClosedEntry(pair, *key) for pair in stands.pairs]
        self._touch(arrival, stands.pairs, 0 if before.retracted else -1)

    def _touch(self, arrival: Arrival, pairs: Iterable[str], change: int) -> None:
        counts, (partition, offset, _) = self.changes.pair_counts, arrival.place
        for pair in pairs:
            events, last = counts.get((partition, pair), (0, 0))
            counts[partition, pair] = (events + change, max(last, offset))

    def _outcome(self, arrival: Arrival, verdict: Verdict) -> None:
        place = arrival.place
        self.changes.outcomes.append(
            OutcomeRow(
                place.partition, place.offset, arrival.event_id, verdict.outcome, verdict.problem, None,
                verdict.revision, verdict.first_position, place.recorded_at, None, None, None, None,
                arrival.record.action if arrival.record is not None else None,
            )
        )  # fmt: skip

    def _refuse(self, arrival: Arrival, refusal: Refusal) -> None:
        raw, place = arrival.raw, arrival.place
        key, value, headers = None, None, None
        if raw.size <= MAX_BYTES:
            key, value, headers = raw.key, raw.value, write_headers(raw.headers)
        self.changes.outcomes.append(
            OutcomeRow(
                place.partition, place.offset, arrival.event_id, refusal.outcome, refusal.problem, refusal.detail,
                None, None, place.recorded_at, key, value, headers,
                self._code_version if refusal.outcome == "parked" else None,
                arrival.record.action if arrival.record is not None else None,
            )
        )  # fmt: skip
        self._count(arrival, refusal.outcome)

    def _count(self, arrival: Arrival, outcome: str) -> None:
        partition = arrival.place.partition
        if (counts := self.changes.counts.get(partition)) is None:
            counts = self.changes.counts[partition] = Counts()
        counts.add(outcome)
        counts.gaps += arrival.gap
