"""Generations of the projection as those have them who make another one, and show it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from timeline_service.domain.vectors import OffsetVector


@dataclass(frozen=True, slots=True)
class Live:
    """The generation that is read; `mine`: whether code of this shape has made it; `keys`: by which it was judged."""

    n: int
    mine: bool
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A generation that is being filled; `until` is where it ends for ever, if it is one of the past."""

    n: int
    until: OffsetVector | None


class Reached(NamedTuple):
    """How far a partition of a generation is, and how far its documents are."""

    partition: int
    next_offset: int
    documents: int

    def is_level_with(self, live: "Reached") -> bool:
        """Whether nothing is missing of what the live generation holds, and of its documents."""
        rows = self.next_offset >= live.next_offset
        return rows and self.documents >= min(live.documents, live.next_offset)


def are_level(made: Sequence[Reached], live: Sequence[Reached], beyond: Collection[int]) -> bool:
    """Whether a generation is level with the live one in all partitions but those beyond the log's end."""
    at = {reached.partition: reached for reached in made}
    return all(
        at.get(goal.partition, Reached(goal.partition, 0, 0)).is_level_with(goal)
        for goal in live
        if goal.partition not in beyond
    )
