"""Offset vectors, the next offset of each partition, and read points, which are vectors of a generation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import ge

from event_schemas.positions import format_positions

OffsetVector = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadPoint:
    """Where an answer stands: a generation of the projection, and a vector of the log.

    `redrives` counts, by partition, what was put into the past since: records that were parked and judged again.
    """

    generation: int
    vector: OffsetVector
    redrives: OffsetVector = ()

    @property
    def redriven(self) -> int:
        """Records that were redriven, in all partitions."""
        return sum(self.redrives)


@dataclass(frozen=True, slots=True)
class PairPoint:
    """How far a generation is, and the least vector at which a pair reads so."""

    now: ReadPoint
    narrow: OffsetVector


def vector_of(next_offsets: Mapping[int, int], partitions: int) -> OffsetVector:
    """A vector of so many partitions; one of which nothing is known stands at its beginning."""
    return tuple(next_offsets.get(partition, 0) for partition in range(partitions))


def reached(vector: Sequence[int], positions: Mapping[int, int]) -> bool:
    """Whether a projection at the vector holds everything up to and with the positions."""
    return all(vector[partition] > offset for partition, offset in positions.items())


def timeline_position(vector: Sequence[int]) -> str:
    """The `Timeline-Position` of an answer: the last offset of each partition that holds any record."""
    return format_positions({partition: offset - 1 for partition, offset in enumerate(vector) if offset > 0})


def narrowed(vector: Sequence[int], touched: Mapping[int, int]) -> OffsetVector:
    """The least vector at which a pair reads as at this one. `touched`: the last offset that touched it, by partition.

    It says when a pair's answer is the same although the log has gone on.
    """
    return tuple(min(offset, touched.get(partition, -1) + 1) for partition, offset in enumerate(vector))


@dataclass(frozen=True, slots=True)
class CopyReach:
    """How far a copy of a generation is: its rows, its documents, and what was put into its past, by partition."""

    vector: OffsetVector
    documents: OffsetVector
    redrives: OffsetVector

    def holds(self, point: ReadPoint, *, documents: bool = False) -> bool:
        """Whether the copy answers at the read point as the original does; `documents`: also of what is searched."""
        reached = self.documents if documents else self.vector
        return _covers(reached, point.vector) and _covers(self.redrives, point.redrives)


def _covers(reached: Sequence[int], wanted: Sequence[int]) -> bool:
    return len(reached) >= len(wanted) and all(map(ge, reached, wanted))
