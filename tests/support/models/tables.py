"""A projection's tables in the form in which all pictures of them are compared: what a fold must say, and no more."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from timeline_service.judge.batch_counts import BatchCountRow
from timeline_service.judge.rows import EntryRow


class PlainRevision(NamedTuple):
    """The columns of a revision that are compared."""

    event_id: str
    revision: int
    partition: int
    from_offset: int
    until_offset: int | None
    action: str
    record_id: str
    recorded_at: datetime
    first_accepted_at: datetime
    first_recorded_at: datetime
    content: str
    batch: str | None


class PlainOutcome(NamedTuple):
    """The columns of an outcome that are compared."""

    partition: int
    offset: int
    event_id: str | None
    outcome: str
    problem: str | None
    revision: int | None
    batch: str | None


class PairCount(NamedTuple):
    """How many events a pair has in a partition, and the last record that touched it."""

    partition: int
    pair: str
    events: int
    last_offset: int


class PlainCheckpoint(NamedTuple):
    """How far a partition is, and how many records of each outcome it has."""

    partition: int
    next_offset: int
    applied: int
    duplicate: int
    rejected: int
    parked: int


@dataclass
class Tables:
    """The rows, sorted."""

    revisions: list[PlainRevision] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    outcomes: list[PlainOutcome] = field(default_factory=list)
    pair_counts: list[PairCount] = field(default_factory=list)
    batch_counts: list[BatchCountRow] = field(default_factory=list)
    checkpoints: list[PlainCheckpoint] = field(default_factory=list)

    def sort(self) -> "Tables":
        """With all rows in order."""
        for rows in (
            self.revisions,
            self.entries,
            self.outcomes,
            self.pair_counts,
            self.batch_counts,
            self.checkpoints,
        ):
            rows.sort(key=repr)
        return self
