"""Events as they are selected: pages, counts, summaries and pairs, each from one generation at one vector."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from timeline_service.adapters.postgres.conditions import Rows, conditions_of
from timeline_service.adapters.postgres.read_pools import ReadPool
from timeline_service.adapters.postgres.reader import pair_point_of, vector_statement
from timeline_service.adapters.postgres.rows import (
    FoundRow,
    NameRow,
    PairRow,
    PairVectorRow,
    SummaryRow,
    VectorRow,
    rows_of,
)
from timeline_service.adapters.postgres.selected_rows import SelectedRows, asked_values, rows_for, selected_statement
from timeline_service.adapters.postgres.sql_files import bound, generation_shape, of_generation, read_statements
from timeline_service.domain.newest import fair_share, is_whole
from timeline_service.domain.portions import WHOLE_BYTES
from timeline_service.domain.revisions import Revision
from timeline_service.domain.selections import FIRST, LAST, Selection, SortKey
from timeline_service.domain.vectors import OffsetVector, PairPoint, ReadPoint
from timeline_service.errors import DroppedError

if TYPE_CHECKING:
    import asyncpg

    from timeline_service.adapters.postgres.database import Connection

_ASCENDING: Final = {
    "beyond": ">",
    "direction": "asc",
    "nearest": "greatest($earliest::date, {lowest})",
    "inside": "$earliest::date >= {lowest}",
    "far": "-infinity",
    "other_end": "earliest <= $last::date",
    "order": "earliest, latest, found.accepted_at, event_id",
}
_DESCENDING: Final = {
    "beyond": "<",
    "direction": "desc",
    "nearest": "least($earliest::date, $last::date)",
    "inside": "$earliest::date <= $last::date",
    "far": "infinity",
    "other_end": "earliest >= {lowest}",
    "order": "earliest desc, latest desc, found.accepted_at desc, event_id desc",
}
_RELEVANT: Final = {"order": "rank desc, earliest, latest, found.accepted_at, event_id"}
_NEWEST: Final = {"order": "revisions.recorded_at desc, found.partition desc, found.from_offset desc"}


#: A walk of a pair as far as its generation is in the snapshot of the statement, or at another vector.
_NOW: Final = {
    "vector": "select vector from at",
    "readable": read_statements("generations")["live"].replace("$1", "$shape"),
    "pair_vector": read_statements("reader")["pair_vector"],
}


@dataclass(frozen=True, slots=True)
class PairSelection:
    """Which pairs: all or a country's, by name or by count, from behind the last (count, pair) that was seen."""

    country: str | None = None
    by_count: bool = False
    count: int = 0
    pair: str | None = None


@dataclass(frozen=True, slots=True)
class NameSelection:
    """Which facets: those from `low` to before `high`, from behind the last (count, facet) that was seen."""

    low: str
    high: str
    count: int = 0
    facet: str | None = None


class PostgresSelections:
    """Queries for selections, with pools and bounds as SelectedRows has them.

    All methods raise UnavailableError when the server, or the generation, is away.
    """

    def __init__(self, pool: ReadPool, in_order: ReadPool, *, walk_from: int, walk_seconds: float) -> None:
        self._rows = SelectedRows(pool, in_order, walk_from=walk_from, walk_seconds=walk_seconds)
        self._pool = pool
        self._in_order = in_order
        self._statements = {**read_statements("selections"), **read_statements("names")}

    @property
    def reads_replicas(self) -> bool:
        """Whether pages may be read elsewhere than their read points."""
        return self._in_order.has_replicas

    async def page(
        self, point: ReadPoint, selection: Selection, *, descending: bool, after: SortKey | None, limit: int
    ) -> Sequence[FoundRow]:
        """Rows in the contract's order, from behind the key `after` on; of contents as many as go into WHOLE_BYTES.

        Where that is less than all, `content` is None and `size` says how long it is: `contents` reads it.
        """
        rows_from = rows_for(selection)
        values = _values_of_page(after, limit, descending=descending)
        words = _DESCENDING if descending else _ASCENDING
        if rows_from == "documents":
            names = ("estimate", "walk", "gather")
            # A pair's entries are a part of all documents, so that fewer of these are looked at.
            walked = conditions_of(selection, "entries", in_order=True) if selection.pair is not None else None
            records = await self._rows.walk_or_gather(names, point, selection, rows_from, values, words, walked=walked)
        else:
            in_order = conditions_of(selection, rows_from, in_order=True)
            records = await self._rows.walk("walk", point, selection, in_order, values, words)
        return rows_of(FoundRow, records)

    async def page_now(
        self,
        generation: int,
        selection: Selection,
        *,
        at: OffsetVector | None,
        descending: bool,
        after: SortKey | None,
        limit: int,
    ) -> tuple[int, tuple[PairPoint, Sequence[FoundRow]]]:
        """The same of a pair's entries, now or `at` a vector, with all that is to be known before, in one snapshot.

        First comes which generation is to be read: of another than this one nothing that follows is to be used.
        """
        assert selection.pair is not None
        conditions = conditions_of(selection, "entries", in_order=True)
        words = (_DESCENDING if descending else _ASCENDING) | _NOW
        sql = selected_statement("walk_now", conditions, words, generation)
        given = {"shape": generation_shape(), "pair": selection.pair, "at": at, **asked_values(selection)}
        values = _values_of_page(after, limit, descending=descending)
        async with self._in_order.on_primary(generation) as connection:
            records = await connection.fetch(*bound(sql, **given, **values, **conditions.values))
        if not records:
            raise DroppedError(f"no generation is to be read in place of {generation}")
        readable, vector = next(orjson.loads(record[-1]) for record in records if record[-1] is not None)
        rows = [FoundRow._make(record[:-1]) for record in records if record[0] is not None]
        return readable, (pair_point_of(generation, [PairVectorRow._make(each) for each in vector or ()]), rows)

    async def newest(
        self, point: ReadPoint, selection: Selection, *, before: OffsetVector, limit: int
    ) -> Sequence[FoundRow]:
        """Rows of what was recorded or revised last, the last one first, from before an offset of each partition.

        Contents are as those of a page.
        """
        rows_from = rows_for(selection)
        share = fair_share(limit, len(before))
        values = {"before": before, "most_of_each": share, "most_rows": limit, "most_bytes": WHOLE_BYTES}
        rows = await self._newest(point, selection, rows_from, values)
        if share < limit and not is_whole(rows, share):
            rows = await self._newest(point, selection, rows_from, {**values, "most_of_each": limit})
        return rows

    async def best(self, point: ReadPoint, selection: Selection, limit: int) -> Sequence[FoundRow]:
        """The rows that fit the selection's words best, with contents as those of a page."""
        assert selection.words is not None
        conditions = conditions_of(selection, "documents")
        values = {"words": selection.words.tsquery, "most_rows": limit, "most_bytes": WHOLE_BYTES}
        return rows_of(FoundRow, await self._rows.all("best", point, selection, conditions, values, _RELEVANT))

    async def contents(self, point: ReadPoint, rows: Sequence[FoundRow]) -> Sequence[Revision]:
        """The rows' revisions with their contents, which do not change: those that have none yet are read."""
        missing = [row for row in rows if row.content is None]
        read: dict[tuple[UUID, int], str] = {}
        if missing:
            sql = of_generation(self._statements["contents_of"], point.generation)
            wanted = {"event_ids": [row.event_id for row in missing], "revisions": [row.revision for row in missing]}
            asked = bound(sql, **wanted)
            found = await self._pool.read(point, lambda connection: connection.fetch(*asked))
            read = {(row["event_id"], row["revision"]): row["content"] for row in found}
        return [
            Revision.of(row if row.content is not None else row._replace(content=read[row.event_id, row.revision]))
            for row in rows
        ]

    async def count(self, point: ReadPoint, selection: Selection) -> int:
        """How many rows all pages have together."""
        conditions = conditions_of(selection, rows_for(selection))
        (record,) = await self._rows.all("count", point, selection, conditions, {})
        return int(record["count"])

    async def summary(self, point: ReadPoint, selection: Selection) -> Sequence[SummaryRow]:
        """Counts by year and valence, by type, by domain, and of all: `counted` 0 to 3."""
        conditions = conditions_of(selection, rows_for(selection))
        return rows_of(SummaryRow, await self._rows.all("summary", point, selection, conditions, {}))

    async def summary_since(self, point: ReadPoint, since: OffsetVector, selection: Selection) -> Sequence[SummaryRow]:
        """The same of a pair's entries that are selected there and were not at an earlier vector.

        And of those that are not any more, in rows of their own, with counts below zero.
        """
        conditions = conditions_of(selection, "entries")
        values = {"since": since, "pair": selection.pair}
        return rows_of(SummaryRow, await self._rows.walk("summary_since", point, selection, conditions, values, {}))

    async def pairs(
        self, point: ReadPoint, selection: Selection, which: PairSelection, limit: int
    ) -> Sequence[PairRow]:
        """Pairs that have selected events, with counts and first and last dates."""
        rows: Rows = "documents" if selection.searches else "entries"
        values = {**asdict(which), "most_rows": limit}
        conditions = conditions_of(selection, rows)
        return rows_of(PairRow, await self._rows.all(f"pairs_of_{rows}", point, selection, conditions, values))

    async def pairs_now(
        self, point: ReadPoint, which: PairSelection, limit: int
    ) -> tuple[dict[int, int], Sequence[PairRow]]:
        """Pairs that have events now, by their counters, and the next offsets of which that is true."""
        offsets, records = await self._counted(self._in_order, "pairs", point, which, limit)
        return offsets, rows_of(PairRow, records)

    async def names(
        self, point: ReadPoint, selection: Selection, which: NameSelection, limit: int
    ) -> Sequence[NameRow]:
        """Names that selected events have, the most frequent first."""
        conditions = conditions_of(selection, "documents")
        values = {**asdict(which), "most_rows": limit}
        return rows_of(NameRow, await self._rows.all("names_of_documents", point, selection, conditions, values))

    async def names_now(
        self, point: ReadPoint, which: NameSelection, limit: int
    ) -> tuple[dict[int, int], Sequence[NameRow]]:
        """Names that events have now, from their counters, and the next offsets of the documents that say so."""
        offsets, records = await self._counted(self._pool, "names", point, which, limit, searching=True)
        return offsets, rows_of(NameRow, records)

    async def _counted(
        self,
        pool: ReadPool,
        name: str,
        point: ReadPoint,
        which: "PairSelection | NameSelection",
        limit: int,
        *,
        searching: bool = False,
    ) -> "tuple[dict[int, int], Sequence[asyncpg.Record]]":
        """A statement on kept counts, and the next offsets of which they are true, in one snapshot."""
        sql = self._statements[name].replace("{spelling}", self._statements["spelling"])
        asked = bound(of_generation(sql, point.generation), **asdict(which), most_rows=limit)

        async def read(connection: "Connection") -> "tuple[dict[int, int], Sequence[asyncpg.Record]]":
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                vector = await connection.fetch(vector_statement(point.generation, searching=searching))
                records = await connection.fetch(*asked)
            return {row.partition: row.next_offset for row in rows_of(VectorRow, vector)}, records

        return await pool.read(point, read, documents=searching)

    async def _newest(
        self, point: ReadPoint, selection: Selection, rows_from: Rows, values: Mapping[str, Any]
    ) -> Sequence[FoundRow]:
        if selection == Selection(selection.pair, retracted=selection.retracted) and rows_from == "entries":
            conditions = conditions_of(selection, rows_from)
            records = await self._rows.walk("walk_newest", point, selection, conditions, values, _NEWEST)
        else:
            names = ("estimate_newest", "walk_newest", "gather_newest")
            records = await self._rows.walk_or_gather(names, point, selection, rows_from, values, _NEWEST)
        return rows_of(FoundRow, records)


def _values_of_page(after: SortKey | None, limit: int, *, descending: bool) -> dict[str, Any]:
    key = after or (LAST if descending else FIRST)
    place = {name: getattr(key, name) for name in ("earliest", "latest", "accepted_at", "event_id")}
    return {**place, "most_rows": limit, "most_bytes": WHOLE_BYTES}
