"""Statements of sql/selections.sql, put together for a selection: what is asked of rows, in which order, from where."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from timeline_service.adapters.postgres.conditions import Conditions, Rows, conditions_of
from timeline_service.adapters.postgres.read_pools import ReadPool
from timeline_service.adapters.postgres.sql_files import bound, filled, of_generation, read_statements
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint
from timeline_service.judge.entries import SPAN_DAYS

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


#: The span classes, each with the most days that an event of it lasts.
_CLASSES: Final[Sequence[Mapping[str, str]]] = tuple(
    {"{span}": f"{number}::smallint", "{days}": days}
    for number, days in enumerate([*(str(days) for days in SPAN_DAYS), "null::integer"])
)


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
        *,
        walked: Conditions | None = None,
    ) -> "Sequence[asyncpg.Record]":
        """The records of one of two statements that give the same, whichever is expected to take less.

        The names are those of the statement that estimates how many are selected, of the walk, and of the gathering.
        `walked` are the conditions of the walk, where it is one of other rows.
        """
        estimate, walk, gather = names
        gathered = conditions_of(selection, rows)
        try:
            if not await self._are_many(estimate, point, selection, rows):
                raise _TooFewError
            return await self._fetch(
                self._in_order, walk, point, selection, walked or gathered, values, words, seconds=self._walk_seconds
            )
        except _TooFewError:
            return await self.all(gather, point, selection, gathered, values, words)

    async def _are_many(self, name: str, point: ReadPoint, selection: Selection, rows: Rows) -> bool:
        """Whether PostgreSQL expects so many that it is less to look for some in order than to gather them all."""
        conditions = conditions_of(selection, rows)
        sql = selected_statement(name, conditions, {}, point.generation)
        span = {name: value for name, value in asked_values(selection).items() if f"${name}" in sql}
        asked = bound(sql, **span, **conditions.values)
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
        sql = selected_statement(name, conditions, words or {}, point.generation)
        asked = bound(sql, vector=point.vector, **asked_values(selection), **values, **conditions.values)

        async def read(connection: "Connection") -> "Sequence[asyncpg.Record]":
            try:
                return await connection.fetch(*asked, timeout=seconds)
            except TimeoutError as error:
                if seconds is None:
                    raise
                raise _TooFewError from error

        # A walk of entries looks into their documents, too, where something is asked that only these say.
        return await pool.read(point, read, documents=conditions.rows == "documents" or bool(conditions.said))


def selected_statement(name: str, conditions: Conditions, words: Mapping[str, str], generation: int) -> str:
    """A statement of sql/selections.sql or sql/names.sql for what is asked of rows; `words` have meanings in it."""
    texts = conditions.text, conditions.alternatives, conditions.said
    return _statement(name, conditions.rows, *texts, tuple(words.items()), generation)


def asked_values(selection: Selection) -> dict[str, Any]:
    """The values of a selection, beside those of its conditions and the vector."""
    span = selection.span
    return {"first": span.first, "last": span.last, "within": span.within, "retracted": selection.retracted}


@lru_cache(1024)
def _statement(
    name: str,
    rows: Rows,
    conditions: str,
    alternatives: str,
    said: str,
    words: tuple[tuple[str, str], ...],
    generation: int,
) -> str:
    statements = {**read_statements("selections"), **read_statements("names")}
    sql = statements[name].replace("{walk}", statements["walk"]).replace("{placed}", statements[f"placed_{rows}"])
    walked = "walked_with_documents" if said else "walked"
    one_class = filled(
        statements["walk_class"],
        {"{walked}": statements[walked], "{said}": said, **{f"{{{word}}}": meaning for word, meaning in words}},
    )
    each_class = [filled(one_class, {"{lowest}": statements["lowest"], **meaning}) for meaning in _CLASSES]
    sql = sql.replace("{classes}", "\nunion all\n".join(each_class))
    for part in ("selected", "dated", "near", "contents", "counted", "spelling"):
        sql = sql.replace(f"{{{part}}}", statements[part])
    meanings = {
        "vector": "$vector::bigint[]",
        **dict(words),
        **_PLACES[rows],
        "conditions": conditions,
        "alternatives": alternatives,
        "rows": rows,
        "columns": ", ".join(_KEPT),
        "found": ", ".join(f"found.{column}" for column in _KEPT),
    }
    return of_generation(filled(sql, {f"{{{word}}}": meaning for word, meaning in meanings.items()}), generation)


def rows_for(selection: Selection) -> Rows:
    """Entries for a pair wherever they can tell, else documents."""
    return "entries" if selection.pair is not None and not selection.searches else "documents"
