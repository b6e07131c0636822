"""What became of the records of each load (`batch`), counted as they are judged."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from timeline_service.judge.fold import RecordPosition


class BatchKey(NamedTuple):
    """Records that are counted together: of one load, in one partition, with one outcome and problem, if any."""

    partition: int
    batch: str
    outcome: str
    problem: str


class BatchSpan(NamedTuple):
    """How many they are, where the first and the last of them stand, and when these were recorded."""

    records: int
    first_offset: int
    last_offset: int
    first_at: datetime
    last_at: datetime


class BatchCountRow(NamedTuple):
    """A count as its table holds it: the fields are its columns."""

    partition: int
    batch: str
    outcome: str
    problem: str
    records: int
    first_offset: int
    last_offset: int
    first_at: datetime
    last_at: datetime


BatchCounts = dict[BatchKey, BatchSpan]


def count_record(counts: BatchCounts, batch: str, position: RecordPosition, outcome: str, problem: str | None) -> None:
    """Count one more record of a load."""
    partition, offset, recorded_at = position
    key = BatchKey(partition, batch, outcome, problem or "")
    one = BatchSpan(1, offset, offset, recorded_at, recorded_at)
    counts[key] = _together(counts[key], one) if key in counts else one


def add_counts(counts: BatchCounts, more: Mapping[BatchKey, BatchSpan]) -> None:
    """Add counts of other records, which may lie before."""
    for key, span in more.items():
        counts[key] = _together(counts[key], span) if key in counts else span


def batch_rows(counts: Mapping[BatchKey, BatchSpan]) -> list[BatchCountRow]:
    """The rows of the counts, in an order that any two writers have alike."""
    return sorted(BatchCountRow._make((*key, *span)) for key, span in counts.items())


def named_in(counts: Iterable[BatchKey]) -> set[str]:
    """The loads that are counted."""
    return {key.batch for key in counts}


def _together(one: BatchSpan, other: BatchSpan) -> BatchSpan:
    return BatchSpan(
        one.records + other.records,
        min(one.first_offset, other.first_offset),
        max(one.last_offset, other.last_offset),
        min(one.first_at, other.first_at),
        max(one.last_at, other.last_at),
    )
