"""Rows of partitions, the last to be recorded first: how many to read of each, and where the next page begins.

Within a partition `recorded_at` never falls, so each partition's rows come newest first by their offsets alone, and a
place among them is a vector: the offset of each partition before which the next page lies.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from timeline_service.domain.vectors import OffsetVector

#: Records are spread over partitions by the hash of their event: hardly one has more than twice its share and some.
_SPARE: Final = 8


class Recorded(Protocol):
    """A row, and the record by which it is placed."""

    @property
    def partition(self) -> int:
        """The record's partition."""

    @property
    def place(self) -> int:
        """The record's offset."""


def fair_share(limit: int, partitions: int) -> int:
    """How many rows of each partition are read for a page of so many."""
    return min(limit, 2 * -(-limit // max(partitions, 1)) + _SPARE)


def is_whole(rows: Iterable[Recorded], share: int) -> bool:
    """Whether a page made of so many rows of each partition lacks none: no partition gave it all of them."""
    return max(Counter(row.partition for row in rows).values(), default=0) < share


def place_behind(before: OffsetVector, rows: Sequence[Recorded]) -> OffsetVector:
    """The place behind the rows of a page, which began at a place."""
    places = list(before)
    for row in rows:
        places[row.partition] = min(places[row.partition], row.place)
    return tuple(places)
