"""A projection's tables in memory: they write what a batch changes, and tell the next one what it must know."""

from collections.abc import Collection, Sequence
from typing import Any

from tests.support.models.tables import PairCount, PlainCheckpoint, PlainOutcome, PlainRevision, Tables

from event_schemas.positions import format_position
from timeline_service.judge.batch import Counts, EventState, RowChanges, fold_batch
from timeline_service.judge.batch_counts import BatchCounts, add_counts, batch_rows
from timeline_service.judge.decoding import DecodedRecord
from timeline_service.judge.entries import event_content
from timeline_service.judge.fold import History, Revision
from timeline_service.judge.rows import EntryRow

Row = dict[str, Any]
_ENTRY_KEY = ("pair", "span", "earliest", "latest", "accepted_at", "event_id")


class MemoryRows:
    """The rows by the names of their columns, in the order in which they were written."""

    def __init__(self) -> None:
        self.revisions: list[Row] = []
        self.entries: list[Row] = []
        self.outcomes: list[Row] = []
        self.pair_counts: dict[tuple[int, str], tuple[int, int]] = {}
        self.batch_counts: BatchCounts = {}
        self.counts: dict[int, Counts] = {}
        self.ends: dict[int, int] = {}

    def judge(self, decoded_records: Sequence[DecodedRecord]) -> RowChanges:
        """What a batch changes, folded as the projector does it; nothing is written."""
        event_ids = {item.event_id for item in decoded_records if item.event_id is not None}
        changed = {item.record.event_id for item in decoded_records if item.record and item.record.may_change}
        return fold_batch(decoded_records, self.load(event_ids, changed))

    def fold(self, decoded_records: Sequence[DecodedRecord]) -> None:
        """Judge one batch, and write what it changes."""
        self.write(self.judge(decoded_records))
        for item in decoded_records:
            self.ends[item.position.partition] = item.position.offset + 1

    def write(self, changes: RowChanges) -> None:
        """Write a batch, as the database would: each closed row is there, once, and still open."""
        for event_id, number, offset in changes.closed_revisions:
            (row,) = (row for row in self.revisions if (row["event_id"], row["revision"]) == (event_id, number))
            assert row["until_offset"] is None
            row["until_offset"] = offset
        for *key, offset in changes.closed_entries:
            (row,) = (row for row in self.entries if row["until_offset"] is None and _key(row) == key)
            row["until_offset"] = offset
        self.revisions += [row._asdict() for row in changes.revisions]
        self.entries += [row._asdict() for row in changes.entries]
        self.outcomes += [row._asdict() for row in changes.outcomes]
        for pair, (events, last_offset) in changes.pair_counts.items():
            self.pair_counts[pair] = (self.pair_counts.get(pair, (0, 0))[0] + events, last_offset)
        add_counts(self.batch_counts, changes.batch_counts)
        for partition, counts in changes.counts.items():
            total = self.counts.setdefault(partition, Counts())
            for name in ("applied", "duplicate", "rejected", "parked"):
                setattr(total, name, getattr(total, name) + getattr(counts, name))

    def load(self, event_ids: Collection[str], changed: Collection[str]) -> dict[str, EventState]:
        """What the projector would read before a batch; words only of events that the batch may change."""
        known = {event_id: EventState() for event_id in event_ids}
        for row in self.revisions:
            if (event := known.get(row["event_id"])) is not None:
                event.history = _longer(event.history, row)
                event.content = event_content(row["content"]) if row["event_id"] in changed else None
        for row in self.outcomes:
            if row["outcome"] == "parked" and row["event_id"] in known:
                known[row["event_id"]].parked = True
        return known

    def tables(self) -> Tables:
        """The same in the form in which tables are compared."""
        return Tables(
            [PlainRevision(*(row[name] for name in PlainRevision._fields)) for row in self.revisions],
            [EntryRow(**row) for row in self.entries],
            [PlainOutcome(*(row[name] for name in PlainOutcome._fields)) for row in self.outcomes],
            [PairCount(*key, *value) for key, value in self.pair_counts.items()],
            batch_rows(self.batch_counts),
            [
                PlainCheckpoint(p, self.ends[p], count.applied, count.duplicate, count.rejected, count.parked)
                for p, count in self.counts.items()
            ],
        ).sort()

    def verdicts(self) -> dict[str, tuple[Any, ...]]:
        """What became of each record, by position: outcome, problem, revision, where the same came first."""
        found: dict[str, tuple[Any, ...]] = {}
        for row in self.revisions:
            found[format_position(row["partition"], row["from_offset"])] = ("applied", None, row["revision"], None)
        for row in self.outcomes:
            position = format_position(row["partition"], row["offset"])
            assert position not in found, "a record has one outcome"
            found[position] = (row["outcome"], row["problem"], row["revision"], row["first_position"])
        return found


def visible(rows: Sequence[Row], partition: int, vector: int) -> list[Row]:
    """The rows of a partition that stand at a vector, by the rule that every read follows."""
    return [
        row
        for row in rows
        if row["partition"] == partition
        and row["from_offset"] < vector
        and (row["until_offset"] is None or row["until_offset"] >= vector)
    ]


def _key(row: Row) -> list[Any]:
    return [row[name] for name in _ENTRY_KEY]


def _longer(history: History | None, row: Row) -> History:
    revision = Revision(
        row["revision"],
        row["action"],
        row["record_id"],
        row["digest"].hex() if row["digest"] is not None else None,
        format_position(row["partition"], row["from_offset"]),
    )
    before = history.revisions if history is not None else ()
    return History(row["first_accepted_at"], row["first_recorded_at"], (*before, revision))
