"""Replays as they are asked for and shown: verify, rebuild, and the activation of another generation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from event_schemas.records import format_time
from timeline_service.domain.vectors import OffsetVector

Kind = Literal["verify", "rebuild", "activate"]
State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
#: The states that nothing follows.
OVER: Final = frozenset[State]({"succeeded", "failed", "cancelled"})


def builds(kind: Kind) -> bool:
    """Whether a replay is to change which generation is read: of such replays one is under way at a time."""
    return kind != "verify"


@dataclass(frozen=True, slots=True)
class Until:
    """Where a replay ends: before these offsets, or with what was recorded by an instant. One of them is given."""

    next_offsets: OffsetVector | None = None
    recorded_at: datetime | None = None

    def written(self) -> dict[str, Any]:
        """The end as it is kept and shown."""
        if self.recorded_at is not None:
            return {"recorded_at": format_time(self.recorded_at)}
        return {"next_offsets": offsets_view(self.next_offsets or ())}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "Until":
        """The end that `written` wrote."""
        if (instant := written.get("recorded_at")) is not None:
            return cls(recorded_at=datetime.fromisoformat(instant))
        offsets = written["next_offsets"]
        return cls(next_offsets=tuple(offsets[str(partition)] for partition in range(len(offsets))))


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay as it is carried out: what was asked for, and what came of earlier attempts.

    `until` is as it was written; `generation` the one that it fills, as soon as there is one, or makes the live one;
    `result` what it has found.
    """

    id: UUID
    kind: Kind
    until: Mapping[str, Any] | None
    generation: int | None
    started_at: datetime
    attempts: int
    cancelling: bool
    result: Mapping[str, Any] | None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Replay":
        """A replay by its row, whose JSON columns are read already."""
        return cls(**{column.name: row[column.name] for column in fields(cls)})


@dataclass(slots=True)
class PartitionProgress:
    """How much of a partition was replayed: records, of how many, and their bytes."""

    records: int = 0
    total: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Progress:
    """How far a replay is. `rate` is in records a second, of late; `seconds_left` is None while nobody can say."""

    phase: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    partitions: dict[int, PartitionProgress] = field(default_factory=dict)

    def view(self) -> dict[str, Any]:
        """The progress as it is kept and shown. The bytes to do are estimated from those done."""
        records = sum(part.records for part in self.partitions.values())
        total = sum(part.total for part in self.partitions.values())
        done = sum(part.bytes for part in self.partitions.values())
        return {
            "phase": self.phase,
            "records": records,
            "total": total,
            "rate": self.rate,
            "seconds_left": self.seconds_left,
            "bytes": done,
            "bytes_total": round(done * total / records) if records else None,
            "partitions": [
                {"partition": number, "records": part.records, "total": part.total, "bytes": part.bytes}
                for number, part in sorted(self.partitions.items())
            ],
        }


def offsets_view(vector: OffsetVector) -> dict[str, int]:
    """A vector as `next_offsets`: each partition with the offset before which it ends."""
    return {str(partition): offset for partition, offset in enumerate(vector)}


def rows_that_differ(result: Mapping[str, Any]) -> int:
    """How many rows a replay has found to be other than the log says."""
    return sum(table["differences"] for table in result["tables"])


def rows_not_listed(result: Mapping[str, Any]) -> int:
    """How many of those are beyond the ones whose fields the result lists."""
    listed = {(item["table"], item["key"]) for item in result["differences"]}
    return max(0, rows_that_differ(result) - len(listed))
