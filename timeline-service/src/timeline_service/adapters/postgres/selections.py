"""Events as they are selected: pages, counts, summaries and pairs, each from one generation at one vector."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from timeline_service.adapters.postgres.conditions import Conditions, Rows, conditions_of
from timeline_service.adapters.postgres.reader import reading, vector_statement
from timeline_service.adapters.postgres.rows import FoundRow, PairRow, SummaryRow, VectorRow, rows_of
from timeline_service.adapters.postgres.sql_files import bound, generation_schema, of_generation, read_statements
from timeline_service.domain.portions import WHOLE_BYTES
from timeline_service.domain.revisions import Revision
from timeline_service.domain.selections import FIRST, LAST, Selection, SortKey
from timeline_service.domain.vectors import ReadPoint

if TYPE_CHECKING:
    import asyncpg

    from timeline_service.adapters.postgres.database import Pool

#: What entries and documents tell of an event of a page; the rest is of its revision.
_KEPT: Final = (
    "event_id", "revision", "earliest", "latest", "accepted_at", "retracted", "partition", "from_offset",
)  # fmt: skip
_ASCENDING: Final = {
    "beyond": ">",
    "direction": "asc",
    "nearest": "greatest($earliest::date, bound.low)",
    "inside": "$earliest::date >= bound.low",
    "far": "-infinity",
    "other_end": "earliest <= bound.high",
    "order": "earliest, latest, found.accepted_at, event_id",
}
_DESCENDING: Final = {
    "beyond": "<",
    "direction": "desc",
    "nearest": "least($earliest::date, bound.high)",
    "inside": "$earliest::date <= bound.high",
    "far": "infinity",
    "other_end": "earliest >= bound.low",
    "order": "earliest desc, latest desc, found.accepted_at desc, event_id desc",
}
_RELEVANT: Final = {"order": "rank desc, earliest, latest, found.accepted_at, event_id"}


@dataclass(frozen=True, slots=True)
class PairSelection:
    """Which pairs: all or a country's, by name or by count, from behind the last (count, pair) that was seen."""

    country: str | None = None
    by_count: bool = False
    count: int = 0
    pair: str | None = None


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
        self, point: ReadPoint, selection: Selection, *, descending: bool, after: SortKey | None, limit: int
    ) -> Sequence[FoundRow]:
        """Rows in the contract's order, from behind the key `after` on; of contents as many as go into WHOLE_BYTES.

        Where that is less than all, `content` is None and `size` says how long it is: `contents` reads it.
        """
        key = after or (LAST if descending else FIRST)
        rows_from = rows_for(selection)
        values = {**asdict(key), "most_rows": limit, "most_bytes": WHOLE_BYTES}
        words = _DESCENDING if descending else _ASCENDING
        in_order = conditions_of(selection, rows_from, in_order=True)
        if rows_from == "entries":
            return rows_of(FoundRow, await self._fetch("walk", point, selection, in_order, values, words=words))
        try:
            if not await self._are_many(point, selection):
                raise _TooFewError
            records = await self._fetch(
                "walk", point, selection, in_order, values, words=words, seconds=self._walk_seconds
            )
        except _TooFewError:
            conditions = conditions_of(selection, rows_from)
            records = await self._fetch("gather", point, selection, conditions, values, words=words)
        return rows_of(FoundRow, records)

    async def best(self, point: ReadPoint, selection: Selection, limit: int) -> Sequence[FoundRow]:
        """The rows that fit the selection's words best, with contents as those of a page."""
        assert selection.words is not None
        conditions = conditions_of(selection, "documents")
        values = {"words": selection.words.tsquery, "most_rows": limit, "most_bytes": WHOLE_BYTES}
        return rows_of(FoundRow, await self._fetch("best", point, selection, conditions, values, words=_RELEVANT))

    async def contents(self, point: ReadPoint, rows: Sequence[FoundRow]) -> Sequence[Revision]:
        """The rows' revisions with their contents, which do not change: those that have none yet are read."""
        missing = [row for row in rows if row.content is None]
        read: dict[tuple[UUID, int], str] = {}
        if missing:
            sql = of_generation(self._statements["contents_of"], point.generation)
            wanted = {"event_ids": [row.event_id for row in missing], "revisions": [row.revision for row in missing]}
            async with reading(self._pool, point.generation) as connection:
                found = await connection.fetch(*bound(sql, **wanted))
            read = {(row["event_id"], row["revision"]): row["content"] for row in found}
        return [
            Revision.of(row if row.content is not None else row._replace(content=read[row.event_id, row.revision]))
            for row in rows
        ]

    async def count(self, point: ReadPoint, selection: Selection) -> int:
        """How many rows all pages have together."""
        conditions = conditions_of(selection, rows_for(selection))
        (record,) = await self._fetch("count", point, selection, conditions, {})
        return int(record["count"])

    async def summary(self, point: ReadPoint, selection: Selection) -> Sequence[SummaryRow]:
        """Counts by year and valence, by type, by domain, and of all: `counted` 0 to 3."""
        conditions = conditions_of(selection, rows_for(selection))
        return rows_of(SummaryRow, await self._fetch("summary", point, selection, conditions, {}))

    async def pairs(
        self, point: ReadPoint, selection: Selection, which: PairSelection, limit: int
    ) -> Sequence[PairRow]:
        """Pairs that have selected events, with counts and first and last dates."""
        rows: Rows = "documents" if selection.searches else "entries"
        values = {**asdict(which), "most_rows": limit}
        conditions = conditions_of(selection, rows)
        return rows_of(PairRow, await self._fetch(f"pairs_of_{rows}", point, selection, conditions, values))

    async def pairs_now(
        self, generation: int, which: PairSelection, limit: int
    ) -> tuple[dict[int, int], Sequence[PairRow]]:
        """Pairs that have events now, from their counters, and the next offsets of which that is true."""
        pairs = of_generation(self._statements["pairs"], generation)
        async with (
            reading(self._in_order, generation) as connection,
            connection.transaction(isolation="repeatable_read"),
        ):
            vector = await connection.fetch(vector_statement(generation))
            records = await connection.fetch(*bound(pairs, **asdict(which), most_rows=limit))
        return {row.partition: row.next_offset for row in rows_of(VectorRow, vector)}, rows_of(PairRow, records)

    async def _are_many(self, point: ReadPoint, selection: Selection) -> bool:
        """Whether PostgreSQL expects so many that it is less to look for some in order than to gather them all."""
        conditions = conditions_of(selection, "documents")
        sql = self._statements["estimate"].replace("{conditions}", conditions.text)
        async with reading(self._pool, point.generation) as connection:
            plan = await connection.fetchval(*bound(of_generation(sql, point.generation), **conditions.values))
        return int(orjson.loads(plan)[0]["Plan"]["Plan Rows"]) >= self._walk_from

    async def _fetch(
        self,
        name: str,
        point: ReadPoint,
        selection: Selection,
        conditions: Conditions,
        values: Mapping[str, Any],
        *,
        words: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> "Sequence[asyncpg.Record]":
        """A statement's records; raises _TooFewError where they do not come in so many seconds."""
        sql = self._statements[name].replace("{selected}", self._statements["selected"])
        sql = sql.replace("{contents}", self._statements["contents"])
        meanings = {
            **(words or {}),
            "conditions": conditions.text,
            "alternatives": conditions.alternatives,
            "rows": conditions.rows,
            "columns": ", ".join(_KEPT),
            "found": ", ".join(f"found.{column}" for column in _KEPT),
            "schema": generation_schema(point.generation),
        }
        for word, meaning in meanings.items():
            sql = sql.replace(f"{{{word}}}", meaning)
        span = selection.span
        shared = {"vector": point.vector, "first": span.first, "last": span.last, "within": span.within}
        given = {**shared, "retracted": selection.retracted, **values, **conditions.values}
        pool = self._in_order if name == "walk" else self._pool
        async with reading(pool, point.generation) as connection:
            try:
                return await connection.fetch(*bound(sql, **given), timeout=seconds)
            except TimeoutError as error:
                if seconds is None:
                    raise
                raise _TooFewError from error


def rows_for(selection: Selection) -> Rows:
    """Entries for a pair wherever they can tell, else documents."""
    return "entries" if selection.pair is not None and not selection.searches else "documents"
