"""Loads as they are read: from when to when, and what became of their records."""

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from event_schemas.records import format_time
from timeline_service.adapters.postgres.rows import BatchPartRow, BatchRow
from timeline_service.queries.views.fields import Batch, Count, Cursor, Time


class OutcomesView(TypedDict):
    """How many records have each outcome."""

    applied: Count
    duplicate: Count
    rejected: Count
    parked: Count


class BatchView(TypedDict):
    """A load: when its first and last records were recorded, and how many became what."""

    name: Batch
    first_at: Time
    last_at: Time
    records: Count
    outcomes: OutcomesView


class BatchPartitionView(TypedDict):
    """The offsets of a load's first and last records in a partition."""

    partition: Count
    first: Count
    last: Count


class WholeBatchView(BatchView):
    """A load, with its refusals by problem, and where its records stand."""

    problems: dict[str, Count]
    partitions: list[BatchPartitionView]


class BatchesView(TypedDict):
    """A page of loads."""

    items: list[BatchView]
    next: Cursor | None


def batch_view(row: BatchRow) -> BatchView:
    """A load of a list."""
    return {
        "name": row.name,
        "first_at": format_time(row.first_at),
        "last_at": format_time(row.last_at),
        "records": row.records,
        "outcomes": {
            "applied": row.applied,
            "duplicate": row.duplicate,
            "rejected": row.rejected,
            "parked": row.parked,
        },
    }


def whole_batch_view(name: str, parts: Sequence[BatchPartRow]) -> WholeBatchView:
    """A load by its parts, of which there is one at least."""
    outcomes, problems = Counter[str](), Counter[str]()
    for part in parts:
        outcomes[part.outcome] += part.records
        if part.outcome == "rejected":
            problems[part.problem] += part.records
    whole = BatchRow(
        name,
        min(part.first_at for part in parts),
        max(part.last_at for part in parts),
        sum(part.records for part in parts),
        outcomes["applied"],
        outcomes["duplicate"],
        outcomes["rejected"],
        outcomes["parked"],
    )
    return {**batch_view(whole), "problems": dict(sorted(problems.items())), "partitions": _partitions(parts)}


def _partitions(parts: Sequence[BatchPartRow]) -> list[BatchPartitionView]:
    return [
        {
            "partition": partition,
            "first": min(part.first_offset for part in parts if part.partition == partition),
            "last": max(part.last_offset for part in parts if part.partition == partition),
        }
        for partition in sorted({part.partition for part in parts})
    ]
