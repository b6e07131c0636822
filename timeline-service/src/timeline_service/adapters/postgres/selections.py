"""Events as they are selected: pages, counts, summaries and pairs, each from one generation at one vector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from timeline_service.adapters.postgres.conditions import Conditions, Rows, conditions_of
from timeline_service.adapters.postgres.reader import reading
from timeline_service.adapters.postgres.sql_files import generation_schema, of_generation, read_statements
from timeline_service.domain.portions import WHOLE_BYTES
from timeline_service.domain.selections import FIRST, LAST, Selection, SortKey
from timeline_service.domain.vectors import Moment

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool

Row = Mapping[str, Any]

_ASCENDING: Final = {
    "beyond": ">",
    "direction": "asc",
    "nearest": "greatest($6::date, bound.low)",
    "inside": "$6::date >= bound.low",
    "far": "-infinity",
    "other_end": "earliest <= bound.high",
    "order": "earliest, latest, found.accepted_at, event_id",
    "bytes": "$11::bigint",
}
_DESCENDING: Final = {
    "beyond": "<",
    "direction": "desc",
    "nearest": "least($6::date, bound.high)",
    "inside": "$6::date <= bound.high",
    "far": "infinity",
    "other_end": "earliest >= bound.low",
    "order": "earliest desc, latest desc, found.accepted_at desc, event_id desc",
    "bytes": "$11::bigint",
}
_RELEVANT: Final = {"order": "rank desc, earliest, latest, found.accepted_at, event_id", "bytes": "$8::bigint"}


@dataclass(frozen=True, slots=True)
class PairSelection:
    """Which pairs: all or a country's, by name or by count, from behind the last (count, pair) that was seen."""

    country: str | None = None
    by_count: bool = False
    key: tuple[int, str | None] = (0, None)


class _TooFewError(Exception):
    """So few rows are selected that to look for them in order takes too long."""


class PostgresSelections:
    """Queries for selections. All methods raise UnavailableError when the server, or the generation, is away.

    `in_order` is a pool for pages that come in order from an index, as they do where so many documents are expected as
    `walk_from` says: of a million, a walk for 50 that are one in a hundred looks at about 20,000. Statistics know each
    condition, and not which of them exclude each other: after `walk_seconds` a walk gives up, and all are gathered.
    """

    def __init__(self, pool: "Pool", in_order: "Pool", *, walk_from: int, walk_seconds: float) -> None:
        self._walk_from = walk_from
        self._walk_seconds = walk_seconds
        self._pool = pool
        self._in_order = in_order
        self._statements = read_statements("selections")

    async def page(
        self, moment: Moment, selection: Selection, *, descending: bool, after: SortKey | None, limit: int
    ) -> Sequence[Row]:
        """Rows in the contract's order, from behind the key `after` on; of contents as many as go into WHOLE_BYTES.

        Where that is less than all, `content` is None and `size` says how long it is: `contents` reads it.
        """
        key = after or (LAST if descending else FIRST)
        rows_from = rows_for(selection)
        values = (key.earliest, key.latest, key.accepted_at, key.event_id, limit, WHOLE_BYTES)
        words = _DESCENDING if descending else _ASCENDING
        in_order = conditions_of(selection, rows_from, 12, in_order=True)
        if rows_from == "entries":
            rows = await self._fetch("walk", moment, selection, in_order, *values, words=words)
        else:
            try:
                if not await self._are_many(moment, selection):
                    raise _TooFewError
                rows = await self._fetch(
                    "walk", moment, selection, in_order, *values, words=words, seconds=self._walk_seconds
                )
            except _TooFewError:
                conditions = conditions_of(selection, rows_from, 12)
                rows = await self._fetch("gather", moment, selection, conditions, *values, words=words)
        return [dict(row) | {"first_accepted_at": row["accepted_at"]} for row in rows]

    async def best(self, moment: Moment, selection: Selection, limit: int) -> Sequence[Row]:
        """The rows that fit the selection's words best, with contents as those of a page."""
        assert selection.words is not None
        conditions = conditions_of(selection, "documents", 9)
        values = (selection.words.tsquery, limit, WHOLE_BYTES)
        rows = await self._fetch("best", moment, selection, conditions, *values, words=_RELEVANT)
        return [dict(row) | {"first_accepted_at": row["accepted_at"]} for row in rows]

    async def contents(self, moment: Moment, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows with their contents, which do not change: those that have none yet are read."""
        missing = [(row["event_id"], row["revision"]) for row in rows if row["content"] is None]
        if not missing:
            return rows
        sql = of_generation(self._statements["contents_of"], moment.generation)
        async with reading(self._pool, moment.generation) as connection:
            found = await connection.fetch(sql, *map(list, zip(*missing, strict=True)))
        read = {(row["event_id"], row["revision"]): row["content"] for row in found}
        return [{**row, "content": row["content"] or read[row["event_id"], row["revision"]]} for row in rows]

    async def count(self, moment: Moment, selection: Selection) -> int:
        """How many rows all pages have together."""
        rows = await self._fetch("count", moment, selection, conditions_of(selection, rows_for(selection), 6))
        return int(rows[0]["count"])

    async def summary(self, moment: Moment, selection: Selection) -> Sequence[Row]:
        """Counts by year and valence, by type, by domain, and of all: `fold` 0 to 3."""
        return await self._fetch("summary", moment, selection, conditions_of(selection, rows_for(selection), 6))

    async def pairs(self, moment: Moment, selection: Selection, which: PairSelection, limit: int) -> Sequence[Row]:
        """Pairs that have selected events, with counts and first and last dates."""
        rows: Rows = "documents" if selection.searches else "entries"
        values = (which.country, which.by_count, *which.key, limit)
        return await self._fetch(f"pairs_of_{rows}", moment, selection, conditions_of(selection, rows, 11), *values)

    async def pairs_now(
        self, generation: int, which: PairSelection, limit: int
    ) -> tuple[dict[int, int], Sequence[Row]]:
        """Pairs that have events now, from their counters, and the next offsets of which that is true."""
        async with (
            reading(self._in_order, generation) as connection,
            connection.transaction(isolation="repeatable_read"),
        ):
            vector = await connection.fetch(of_generation(read_statements("reader")["vector"], generation))
            rows = await connection.fetch(
                of_generation(self._statements["pairs"], generation), which.country, which.by_count, *which.key, limit
            )
        return {row["partition"]: row["next_offset"] for row in vector}, [dict(row) for row in rows]

    async def _are_many(self, moment: Moment, selection: Selection) -> bool:
        """Whether PostgreSQL expects so many that it is less to look for some in order than to gather them all."""
        conditions = conditions_of(selection, "documents", 1)
        sql = self._statements["estimate"].replace("{conditions}", conditions.text)
        async with reading(self._pool, moment.generation) as connection:
            plan = await connection.fetchval(of_generation(sql, moment.generation), *conditions.values)
        return int(orjson.loads(plan)[0]["Plan"]["Plan Rows"]) >= self._walk_from

    async def _fetch(
        self,
        name: str,
        moment: Moment,
        selection: Selection,
        conditions: Conditions,
        *values: Any,
        words: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Sequence[Row]:
        """A statement's rows; raises _TooFewError where they do not come in so many seconds."""
        sql = self._statements[name].replace("{selected}", self._statements["selected"])
        sql = sql.replace("{contents}", self._statements["contents"])
        meanings = {
            **(words or {}),
            "conditions": conditions.text,
            "alternatives": conditions.alternatives,
            "rows": conditions.rows,
            "schema": generation_schema(moment.generation),
        }
        for word, meaning in meanings.items():
            sql = sql.replace(f"{{{word}}}", meaning)
        span = selection.span
        shared = (moment.vector, span.first, span.last, span.within, selection.retracted)
        pool = self._in_order if name == "walk" else self._pool
        async with reading(pool, moment.generation) as connection:
            try:
                rows = await connection.fetch(sql, *shared, *values, *conditions.values, timeout=seconds)
            except TimeoutError as error:
                if seconds is None:
                    raise
                raise _TooFewError from error
        return [dict(row) for row in rows]


def rows_for(selection: Selection) -> Rows:
    """Entries for a pair wherever they can tell, else documents."""
    return "entries" if selection.pair is not None and not selection.searches else "documents"
