"""Counts that were made before, for those of now: what has come since is added, and what has gone taken away."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from timeline_service.adapters.postgres.rows import SummaryRow
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import OffsetVector, ReadPoint

_MOST: Final = 256
_Key = tuple[int, OffsetVector, Selection]


class RememberedSummaries:
    """The counts that were asked for last, so many of them, each with the vector at which it is true."""

    def __init__(self) -> None:
        self._held: OrderedDict[_Key, tuple[OffsetVector, Sequence[SummaryRow]]] = OrderedDict()

    def find(self, at: ReadPoint, selection: Selection) -> tuple[OffsetVector, Sequence[SummaryRow]] | None:
        """Counts of the same selection, at that vector or at an earlier one."""
        key = (at.generation, at.redrives, selection)
        held = self._held.get(key)
        if held is None or not _is_within(held[0], at.vector):
            return None
        self._held.move_to_end(key)
        return held

    def keep(self, at: ReadPoint, selection: Selection, counts: Sequence[SummaryRow]) -> None:
        """Remember counts, unless later ones are. Of too many those go that nobody has asked for longest."""
        key = (at.generation, at.redrives, selection)
        held = self._held.get(key)
        if held is not None and not _is_within(held[0], at.vector):
            return
        self._held[key] = at.vector, counts
        self._held.move_to_end(key)
        while len(self._held) > _MOST:
            self._held.popitem(last=False)


def _is_within(vector: OffsetVector, other: OffsetVector) -> bool:
    """Whether nothing is seen at a vector that is not seen at the other."""
    return len(vector) == len(other) and all(a <= b for a, b in zip(vector, other, strict=True))
