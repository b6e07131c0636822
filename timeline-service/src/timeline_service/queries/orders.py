"""The orders in which events are listed: each reads rows from a place on, and knows the place behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from timeline_service.adapters.postgres.rows import FoundRow
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.domain.newest import place_behind
from timeline_service.domain.selections import Selection, SortKey
from timeline_service.domain.vectors import ReadPoint

#: A place between two rows, as a cursor carries it.
Place = tuple[Any, ...]


class Order(Protocol):
    """An order of the events of a selection at a read point."""

    async def rows(self, place: Place | None, limit: int) -> Sequence[FoundRow]:
        """At most so many rows from a place on, or from the first one on."""
        ...

    def behind(self, place: Place | None, rows: Sequence[FoundRow]) -> Place:
        """The place behind rows, of which there are some, that were read so."""
        ...


@dataclass(frozen=True, slots=True)
class ByDate:
    """The contract's order, or that turned round."""

    selections: PostgresSelections
    at: ReadPoint
    selection: Selection
    descending: bool

    async def rows(self, place: Place | None, limit: int) -> Sequence[FoundRow]:
        """At most so many rows from a place on, or from the first one on."""
        after = SortKey.read(place) if place else None
        return await self.selections.page(self.at, self.selection, descending=self.descending, after=after, limit=limit)

    def behind(self, place: Place | None, rows: Sequence[FoundRow]) -> Place:
        """The place behind rows, of which there are some, that were read so."""
        return SortKey.of(rows[-1]).written()


@dataclass(frozen=True, slots=True)
class Newest:
    """The last to be recorded or revised first, by `recorded_at`, partition and offset of the current revision."""

    selections: PostgresSelections
    at: ReadPoint
    selection: Selection

    async def rows(self, place: Place | None, limit: int) -> Sequence[FoundRow]:
        """At most so many rows from a place on, or from the first one on."""
        return await self.selections.newest(self.at, self.selection, before=place or self.at.vector, limit=limit)

    def behind(self, place: Place | None, rows: Sequence[FoundRow]) -> Place:
        """The place behind rows, of which there are some, that were read so."""
        return place_behind(place or self.at.vector, rows)
