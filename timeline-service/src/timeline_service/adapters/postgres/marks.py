"""What is drawn of a pair's events: marks, or counts in bins, each from one generation at one vector."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from timeline_service.adapters.postgres.conditions import conditions_of
from timeline_service.adapters.postgres.read_pools import ReadPool
from timeline_service.adapters.postgres.rows import BinRow, ExtentRow, MarkRow, rows_of
from timeline_service.adapters.postgres.selected_rows import rows_for
from timeline_service.adapters.postgres.sql_files import bound, of_generation, read_statements
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint

if TYPE_CHECKING:
    import asyncpg


class PostgresMarks:
    """Queries for a pair's selections. All raise UnavailableError when the server, or the generation, is away."""

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool
        shared = read_statements("selections")
        self._statements = {**read_statements("marks"), **{name: shared[name] for name in ("selected", "dated")}}

    async def extent(self, point: ReadPoint, selection: Selection) -> ExtentRow:
        """How many events are selected, and between which days."""
        (row,) = rows_of(ExtentRow, await self._fetch("extent", point, selection))
        return row

    async def bins(
        self, point: ReadPoint, selection: Selection, shown: tuple[date, date], starts: Sequence[date]
    ) -> Sequence[BinRow]:
        """How many of which side and valence begin in which bin, of all that reach into the days that are shown.

        Bins are numbered from 1 on, by their first days; what begins before all of them counts in bin 0.
        """
        values = {"shown_first": shown[0], "shown_last": shown[1], "starts": starts}
        return rows_of(BinRow, await self._fetch("bins", point, selection, **values))

    async def marks(
        self, point: ReadPoint, selection: Selection, shown: tuple[date, date], limit: int
    ) -> Sequence[MarkRow]:
        """The first of the events that reach into the days that are shown, in the contract's order."""
        values = {"shown_first": shown[0], "shown_last": shown[1], "most_rows": limit}
        return rows_of(MarkRow, await self._fetch("marks", point, selection, **values))

    async def _fetch(
        self, name: str, point: ReadPoint, selection: Selection, **values: Any
    ) -> "Sequence[asyncpg.Record]":
        assert selection.pair is not None
        rows = rows_for(selection)
        conditions = conditions_of(selection, rows)
        sql = self._statements[name]
        for word in ("shown", "selected", "dated"):
            sql = sql.replace(f"{{{word}}}", self._statements[word])
        sql = sql.replace("{conditions}", conditions.text).replace("{rows}", rows)
        if "{direction}" in sql:
            sql = sql.replace("{direction}", self._statements[f"direction_of_{rows}"])
            if rows == "documents":
                values |= dict(zip(("first_country", "second_country"), selection.pair.split("-"), strict=True))
        span = selection.span
        shared = {"vector": point.vector, "first": span.first, "last": span.last, "within": span.within}
        given = {**shared, "retracted": selection.retracted, **values, **conditions.values}
        asked = bound(of_generation(sql, point.generation), **given)
        return await self._pool.read(point, lambda connection: connection.fetch(*asked), documents=rows == "documents")
