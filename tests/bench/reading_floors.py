"""The floors of reads: the same rows by asyncpg, without a service."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tests.bench.filled_tables import LARGEST

from timeline_service.adapters.postgres_migrations import create_generation

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

_COLUMNS: Final = """
    event_id, revision, action, partition, from_offset, recorded_at, first_accepted_at, first_recorded_at, content
"""
_BY_ID: Final = f"select {_COLUMNS} from timeline_g1.revisions where event_id = any($1::uuid[])"
_WHOLE: Final = f"""
select {_COLUMNS} from timeline_g1.revisions
where event_id in (select event_id from timeline_g1.entries where pair = $1)
"""
_SUMMARY: Final = """
select extract(year from earliest), valence, count(*), avg(goldstein) from timeline_g1.entries where pair = $1
group by 1, 2
"""
_BATCH: Final = 1_000
_GENERATION: Final = 9


async def rows_by_id(connection: "Connection", ids: Sequence[str]) -> float:
    """Milliseconds to fetch the rows of a page when their ids are known already; with none, of a round trip."""
    start = time.perf_counter()
    if ids:
        await connection.fetch(_BY_ID, ids)
    else:
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
        await create_generation(connection, _GENERATION, indexes=True)
        start = time.perf_counter()
        written = await connection.execute(
            f"insert into timeline_g{_GENERATION}.documents select * from timeline_g1.documents order by from_offset"
        )
        return int(written.split()[-1]) / (time.perf_counter() - start)
