"""The floors of reads: the SQL of the same page through asyncpg, without a service."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from tests.bench.reads.filled_tables import LARGEST

from timeline_service.adapters.postgres.database import BY_VALUE, IN_ORDER, close_pool, connected, open_pool
from timeline_service.adapters.postgres.generation_tables import create_tables
from timeline_service.adapters.postgres.read_pools import ReadPool, Replicas
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.domain.selections import SortKey
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.selections import read_selection
from timeline_service.settings import Settings

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

_COLUMNS: Final = """
    event_id, revision, action, partition, from_offset, recorded_at, first_accepted_at, first_recorded_at, content
"""
_WHOLE: Final = f"""
select {_COLUMNS} from timeline_g1.revisions
where event_id in (select event_id from timeline_g1.entries where pair = $1)
"""
_SUMMARY: Final = """
select extract(year from earliest), valence, count(*), avg(goldstein) from timeline_g1.entries where pair = $1
group by 1, 2
"""
_BATCH: Final = 1_000
_PAGE: Final = 50
_SINGLE: Final = ("from", "to", "match", "order")
_GENERATION: Final = 9


class BarePages:
    """The statements of pages, sent by asyncpg on connections of their own."""

    def __init__(self, selections: PostgresSelections, moment: ReadPoint) -> None:
        self._selections = selections
        self._moment = moment

    async def taken(self, query: Mapping[str, str], path: str, after: SortKey | None) -> float:
        """Milliseconds of a page's SQL alone, behind a key."""
        asked = {name: value if name in _SINGLE else [value] for name, value in query.items()}
        selection = read_selection(asked, LARGEST if LARGEST in path else None)
        start = time.perf_counter()
        if query.get("order") == "relevance":
            await self._selections.best(self._moment, selection, _PAGE)
        else:
            descending = query.get("order") == "desc"
            await self._selections.page(self._moment, selection, descending=descending, after=after, limit=_PAGE + 1)
        return (time.perf_counter() - start) * 1000

    async def rate(self, count: int, tasks: int) -> float:
        """Pages from either end a second, when so many tasks ask for so many pages between them."""
        left = iter(("asc", "desc") * (count // 2))

        async def ask() -> None:
            for order in left:
                await self.taken({"order": order}, f"/{LARGEST}", None)

        start = time.perf_counter()
        await asyncio.gather(*(ask() for _ in range(tasks)))
        return count / (time.perf_counter() - start)


@asynccontextmanager
async def bare_pages(url: str, most: int = 1) -> AsyncIterator[BarePages]:
    """Open so many connections of either kind, which plan as the service's do."""
    pool = await open_pool(url, most=most, planning=BY_VALUE)
    in_order = await open_pool(url, most=most, planning=IN_ORDER)
    try:
        async with connected(pool) as connection:
            rows = await connection.fetch("select next_offset from timeline_g1.checkpoints order by partition")
        settings = Settings()
        primary = Replicas(pool, (), most=1, wait_seconds=0)
        selections = PostgresSelections(
            ReadPool(pool, primary),
            ReadPool(in_order, primary, in_order=True),
            walk_from=settings.walk_from,
            walk_seconds=settings.walk_seconds,
        )
        yield BarePages(selections, ReadPoint(1, tuple(row["next_offset"] for row in rows)))
    finally:
        await close_pool(pool)
        await close_pool(in_order)


async def round_trip(connection: "Connection") -> float:
    """Milliseconds of the least that can be asked."""
    start = time.perf_counter()
    await connection.fetchval("select 1")
    return (time.perf_counter() - start) * 1000


async def summary_of_pair(connection: "Connection") -> float:
    """Milliseconds of the plainest summary of the largest pair."""
    start = time.perf_counter()
    await connection.fetch(_SUMMARY, LARGEST)
    return (time.perf_counter() - start) * 1000


async def rows_of_pair(connection: "Connection") -> float:
    """Events a second of the largest pair, all of them in one transaction and in no order."""
    start, count = time.perf_counter(), 0
    async with connection.transaction():
        async for _ in connection.cursor(_WHOLE, LARGEST, prefetch=_BATCH):
            count += 1
    return count / (time.perf_counter() - start)


async def copy_documents(connection: "Connection") -> float:
    """Documents a second when the same rows are written again by nothing but INSERT … SELECT, with the same indexes."""
    async with connection.transaction():
        await create_tables(connection, generation_schema(_GENERATION), indexes=True)
        start = time.perf_counter()
        written = await connection.execute(
            f"insert into timeline_g{_GENERATION}.documents select * from timeline_g1.documents order by from_offset"
        )
        seconds = time.perf_counter() - start
        await connection.execute(f"drop schema {generation_schema(_GENERATION)} cascade")
    return int(written.split()[-1]) / seconds
