"""A batch of records folded against the events that they are about: pure, into rows to write.

An event's records come in the order of the log; whole events may come in any.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from timeline_service.judge.batch_counts import BatchCounts, count_record
from timeline_service.judge.decoding import MAX_BYTES, DecodedRecord, Rejection, failure, write_headers
from timeline_service.judge.entries import EventContent, timeline_entry
from timeline_service.judge.fold import History, RecordPosition, Verdict, apply
from timeline_service.judge.rows import ClosedEntry, ClosedRevision, EntryRow, OutcomeRow, RevisionRow, make_row

BEHIND = "behind-parked"
_MAX_PAIR_ROWS = 40_000


@dataclass(slots=True)
class EventState:
    """What is known of an event so far: its history, what it says now, whether a record of it is parked."""

    history: History | None = None
    content: EventContent | None = None
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
class RowChanges:
    """What a batch changes, as rows of the generation's tables.

    Rows that the batch itself makes obsolete are closed before they are written; `closed_…` are rows of before.
    `contents` is what the revisions say, by partition and offset.
    """

    revisions: list[RevisionRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    closed_revisions: list[ClosedRevision] = field(default_factory=list)
    closed_entries: list[ClosedEntry] = field(default_factory=list)
    pair_counts: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    batch_counts: BatchCounts = field(default_factory=dict)
    counts: dict[int, Counts] = field(default_factory=dict)
    contents: dict[tuple[int, int], EventContent] = field(default_factory=dict)


def fold_batch(
    decoded_records: Iterable[DecodedRecord], states: Mapping[str, EventState], code_version: str = ""
) -> RowChanges:
    """Fold a batch. `states` has one for each event that the batch's records are about.

    `code_version` says in the rows of parked records which code could not judge them.
    """
    fold = _BatchFold(states, code_version)
    for decoded in decoded_records:
        fold.take(decoded)
    return fold.changes


def bounded(decoded_records: Iterable[DecodedRecord]) -> list[list[DecodedRecord]]:
    """A batch in parts that write a bounded number of rows: an event of 60 countries has 1,770 pairs."""
    parts: list[list[DecodedRecord]] = [[]]
    rows = 0
    for decoded in decoded_records:
        if rows > _MAX_PAIR_ROWS:
            parts.append([])
            rows = 0
        parts[-1].append(decoded)
        event = decoded.record.event if decoded.record is not None else None
        countries = len(event.countries) if event is not None else 2
        rows += countries * (countries - 1) // 2
    return [part for part in parts if part]


class _BatchFold:
    """The fold of one batch: the events as they are so far, and which of its rows are still open."""

    def __init__(self, states: Mapping[str, EventState], code_version: str) -> None:
        self.changes = RowChanges()
        self._code_version = code_version
        self._states = states
        self._open_revision: dict[str, int] = {}
        self._open_entries: dict[str, slice] = {}

    def take(self, decoded: DecodedRecord) -> None:
        state = self._states.get(decoded.event_id or "")
        if decoded.rejection is not None:
            if state is not None and decoded.rejection.outcome == "parked":
                state.parked = True
            return self._reject(decoded, decoded.rejection)
        assert decoded.record is not None
        assert state is not None
        if state.parked:
            return self._reject(decoded, Rejection("parked", BEHIND, "an earlier record of this event is parked"))
        try:
            history, verdict = apply(state.history, decoded.record, decoded.position)
        except Exception as error:  # isolated by its nature, since apply is pure: newer code can cure it
            rejection = failure(error, decoded.position)
            state.parked = True
            return self._reject(decoded, rejection)
        if verdict.outcome == "applied":
            assert history is not None
            self._revise(decoded, state, history)
            state.history = history
        else:
            self._outcome(decoded, verdict)
        self._count(decoded, verdict.outcome, verdict.problem)

    def _revise(self, decoded: DecodedRecord, state: EventState, history: History) -> None:
        record, (partition, offset, recorded_at) = decoded.record, decoded.position
        assert record is not None
        event_id, changes = record.event_id, self.changes
        if state.history is not None:
            self._close(decoded, event_id, state, state.history)
        if record.event is not None and record.content is not None:
            entry = timeline_entry(record.event)
            state.content = make_row(EventContent, (record.content.decode(), record.event, entry))
        assert state.content is not None
        changes.contents[partition, offset] = state.content
        accepted_at, first_recorded_at, revisions = history
        number, action = revisions[-1][:2]
        origin_source, origin_id = record.origin or (None, None)
        reason = record.reason if number > 1 else None  # that of a correction, where there was nothing to correct
        self._open_revision[event_id] = len(changes.revisions)
        changes.revisions.append(
            make_row(RevisionRow, (
                event_id, number, partition, offset, None, action, record.record_id, record.principal, reason,
                record.duplicate_of, origin_source, origin_id, record.accepted_at, recorded_at, accepted_at,
                first_recorded_at, bytes.fromhex(record.digest) if record.digest else None, state.content.text,
                record.batch,
            ))
        )  # fmt: skip
        pairs, span, earliest, latest, directions, traits = state.content.entry
        retracted = history.retracted
        shared = (
            span, earliest, latest, accepted_at, event_id, number, partition, offset, None, retracted, *traits
        )  # fmt: skip
        self._open_entries[event_id] = slice(len(changes.entries), len(changes.entries) + len(pairs))
        changes.entries += [
            make_row(EntryRow, (pair, *shared, direction)) for pair, direction in zip(pairs, directions, strict=True)
        ]
        self._touch(decoded.position, pairs, 0 if retracted else 1)

    def _close(self, decoded: DecodedRecord, event_id: str, state: EventState, before: History) -> None:
        """End the rows of the revision that this record replaces, whether they are written yet or not."""
        offset, changes = decoded.position.offset, self.changes
        assert state.content is not None
        entry = state.content.entry
        if (index := self._open_revision.get(event_id)) is not None:
            changes.revisions[index] = changes.revisions[index]._replace(until_offset=offset)
            entries = self._open_entries[event_id]
            changes.entries[entries] = [row._replace(until_offset=offset) for row in changes.entries[entries]]
        else:
            changes.closed_revisions.append(ClosedRevision(event_id, before.current.number, offset))
            key = (entry.span, entry.earliest, entry.latest, before.first_accepted_at, event_id, offset)
            changes.closed_entries += [ClosedEntry(pair, *key) for pair in entry.pairs]
        self._touch(decoded.position, entry.pairs, 0 if before.retracted else -1)

    def _touch(self, position: RecordPosition, pairs: Iterable[str], change: int) -> None:
        counts, (partition, offset, _) = self.changes.pair_counts, position
        for pair in pairs:
            events, last = counts.get((partition, pair), (0, 0))
            counts[partition, pair] = (events + change, max(last, offset))

    def _outcome(self, decoded: DecodedRecord, verdict: Verdict) -> None:
        position = decoded.position
        self.changes.outcomes.append(
            OutcomeRow(
                position.partition, position.offset, decoded.event_id, verdict.outcome, verdict.problem, None,
                verdict.revision, verdict.first_position, position.recorded_at, None, None, None, None,
                *_said(decoded),
            )
        )  # fmt: skip

    def _reject(self, decoded: DecodedRecord, rejection: Rejection) -> None:
        raw, position = decoded.raw, decoded.position
        key, value, headers = None, None, None
        if raw.size <= MAX_BYTES:
            key, value, headers = raw.key, raw.value, write_headers(raw.headers)
        self.changes.outcomes.append(
            OutcomeRow(
                position.partition, position.offset, decoded.event_id, rejection.outcome, rejection.problem,
                rejection.detail, None, None, position.recorded_at, key, value, headers,
                self._code_version if rejection.outcome == "parked" else None, *_said(decoded),
            )
        )  # fmt: skip
        self._count(decoded, rejection.outcome, rejection.problem)

    def _count(self, decoded: DecodedRecord, outcome: str, problem: str | None) -> None:
        partition = decoded.position.partition
        if decoded.record is not None and decoded.record.batch is not None:
            count_record(self.changes.batch_counts, decoded.record.batch, decoded.position, outcome, problem)
        if (counts := self.changes.counts.get(partition)) is None:
            counts = self.changes.counts[partition] = Counts()
        if outcome == "applied":
            counts.applied += 1
        else:
            counts.add(outcome)
        counts.gaps += decoded.gap


def _said(decoded: DecodedRecord) -> tuple[str | None, str | None, str | None]:
    """What a record was to do, who has written it, and of which load it is, where it can be read."""
    record = decoded.record
    return (record.action, record.principal, record.batch) if record is not None else (None, None, None)
