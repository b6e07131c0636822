"""Vectors: the next offset of each partition, which is a moment of the log that all reads of an answer share."""

from collections.abc import Mapping, Sequence

from event_schemas.positions import format_positions

Vector = tuple[int, ...]


def vector_of(next_offsets: Mapping[int, int], partitions: int) -> Vector:
    """A vector of so many partitions; one of which nothing is known stands at its beginning."""
    return tuple(next_offsets.get(partition, 0) for partition in range(partitions))


def reached(vector: Sequence[int], positions: Mapping[int, int]) -> bool:
    """Whether a projection at the vector holds everything up to and with the positions."""
    return all(vector[partition] > offset for partition, offset in positions.items())


def timeline_position(vector: Sequence[int]) -> str:
    """The `Timeline-Position` of an answer: the last offset of each partition that holds any record."""
    return format_positions({partition: offset - 1 for partition, offset in enumerate(vector) if offset > 0})
