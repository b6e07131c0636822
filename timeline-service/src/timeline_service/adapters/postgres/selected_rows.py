"""Statements of sql/selections.sql, put together for a selection: what is asked of rows, in which order, from where."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import orjson

from timeline_service.adapters.postgres.conditions import Conditions, Rows, conditions_of
from timeline_service.adapters.postgres.read_pools import ReadPool
from timeline_service.adapters.postgres.sql_files import bound, generation_schema, of_generation, read_statements
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint

if TYPE_CHECKING:
    import asyncpg

    from timeline_service.adapters.postgres.database import Connection

#: What entries and documents tell of an event of a page; the rest is of its revision.
_KEPT: Final = (
    "event_id", "revision", "earliest", "latest", "accepted_at", "retracted", "partition", "from_offset",
)  # fmt: skip
#: Where a row that is joined with the place of its record has that.
_PLACES: Final[Mapping[Rows, Mapping[str, str]]] = {
    "entries": {"in_partition": "partition", "at_offset": "from_offset"},
    "documents": {"in_partition": "in_partition", "at_offset": "at_offset"},
}


class _TooFewError(Exception):
    """So few rows are selected that to look for them in order takes too long."""


class SelectedRows:
    """Rows of a selection. All methods raise UnavailableError when the server, or the generation, is away.

    `in_order` is a pool for pages that come in order from an index, as they do where so many rows are expected as
    `walk_from` says: of a million, a walk for 50 that are one in a hundred looks at about 20,000. Statistics know each
    condition, and not which of them exclude each other: after `walk_seconds` a walk gives up, and all are gathered.
    """

    def __init__(self, pool: ReadPool, in_order: ReadPool, *, walk_from: int, walk_seconds: float) -> None:
        self._walk_from = walk_from
        self._walk_seconds = walk_seconds
        self._pool = pool
        self._in_order = in_order
        self._statements = {**read_statements("selections"), **read_statements("names")}

    async def all(
        self,
        name: str,
        point: ReadPoint,
        selection: Selection,
        conditions: Conditions,
        values: Mapping[str, Any],
        words: Mapping[str, str] | None = None,
    ) -> "Sequence[asyncpg.Record]":
        """A statement's records."""
        return await self._fetch(self._pool, name, point, selection, conditions, values, words)

    async def walk(
        self,
        name: str,
        point: ReadPoint,
        selection: Selection,
        conditions: Conditions,
        values: Mapping[str, Any],
        words: Mapping[str, str],
    ) -> "Sequence[asyncpg.Record]":
        """The records of a statement that finds them in order, however few there are."""
        return await self._fetch(self._in_order, name, point, selection, conditions, values, words)

    async def walk_or_gather(
        self,
        names: tuple[str, str, str],
        point: ReadPoint,
        selection: Selection,
        rows: Rows,
        values: Mapping[str, Any],
        words: Mapping[str, str],
    ) -> "Sequence[asyncpg.Record]":
        """The records of one of two statements that give the same, whichever is expected to take less.

        The names are those of the statement that estimates how many are selected, of the walk, and of the gathering.
        """
        estimate, walk, gather = names
        given = (point, selection, conditions_of(selection, rows), values, words)
        try:
            if not await self._are_many(estimate, point, selection, rows):
                raise _TooFewError
            return await self._fetch(self._in_order, walk, *given, seconds=self._walk_seconds)
        except _TooFewError:
            return await self.all(gather, *given)

    async def _are_many(self, name: str, point: ReadPoint, selection: Selection, rows: Rows) -> bool:
        """Whether PostgreSQL expects so many that it is less to look for some in order than to gather them all."""
        conditions = conditions_of(selection, rows)
        sql = self._statements[name].replace("{conditions}", conditions.text).replace("{rows}", rows)
        sql = sql.replace("{dated}", self._statements["dated"]).replace("{near}", self._statements["near"])
        span = {name: value for name, value in asdict(selection.span).items() if f"${name}" in sql}
        asked = bound(of_generation(sql, point.generation), **span, **conditions.values)
        plan = await self._pool.read(
            point, lambda connection: connection.fetchval(*asked), documents=rows == "documents"
        )
        return int(orjson.loads(plan)[0]["Plan"]["Plan Rows"]) >= self._walk_from

    async def _fetch(
        self,
        pool: ReadPool,
        name: str,
        point: ReadPoint,
        selection: Selection,
        conditions: Conditions,
        values: Mapping[str, Any],
        words: Mapping[str, str] | None,
        *,
        seconds: float | None = None,
    ) -> "Sequence[asyncpg.Record]":
        """A statement's records; raises _TooFewError where they do not come in so many seconds."""
        placed = self._statements[f"placed_{conditions.rows}"]
        sql = self._statements[name].replace("{placed}", placed)
        for part in ("selected", "dated", "near", "contents", "spelling"):
            sql = sql.replace(f"{{{part}}}", self._statements[part])
        meanings = {
            **(words or {}),
            **_PLACES[conditions.rows],
            "conditions": conditions.text,
            "alternatives": conditions.alternatives,
            "rows": conditions.rows,
            "columns": ", ".join(_KEPT),
            "found": ", ".join(f"found.{column}" for column in _KEPT),
            "schema": generation_schema(point.generation),
        }
        for word, meaning in meanings.items():
            sql = sql.replace(f"{{{word}}}", meaning)
        shared = {"vector": point.vector, **asdict(selection.span)}
        given = {**shared, "retracted": selection.retracted, **values, **conditions.values}
        asked = bound(sql, **given)

        async def read(connection: "Connection") -> "Sequence[asyncpg.Record]":
            try:
                return await connection.fetch(*asked, timeout=seconds)
            except TimeoutError as error:
                if seconds is None:
                    raise
                raise _TooFewError from error

        return await pool.read(point, read, documents=conditions.rows == "documents")


def rows_for(selection: Selection) -> Rows:
    """Entries for a pair wherever they can tell, else documents."""
    return "entries" if selection.pair is not None and not selection.searches else "documents"
