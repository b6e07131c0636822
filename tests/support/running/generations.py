"""Another generation beside the live one, as a rebuild would leave it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from timeline_service.adapters.postgres.generation_tables import create_tables
from timeline_service.adapters.postgres.sql_files import generation_schema, generation_shape
from timeline_service.code_version import code_version


@asynccontextmanager
async def connected_to(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def copy_generation(
    url: str, *, fixed: bool = False, shape: str | None = None, ready: bool = True, live: bool = False
) -> int:
    """Copy what the live generation holds now into a new one; returns its number. A fixed one ends there."""
    async with connected_to(url) as connection, connection.transaction(isolation="repeatable_read"):
        before = await connection.fetchval("select n from timeline.generations where live")
        n = int(await connection.fetchval("select max(n) + 1 from timeline.generations"))
        source, target = generation_schema(before), generation_schema(n)
        await create_tables(connection, target, indexes=True)
        tables = await connection.fetch("select tablename from pg_tables where schemaname = $1", source)
        for (table,) in tables:
            await connection.execute(f"insert into {target}.{table} select * from {source}.{table}")
        ends = await connection.fetch(f"select next_offset from {target}.checkpoints order by partition")
        await connection.execute("update timeline.generations set live = false where $1 and live", live)
        await connection.execute(
            "insert into timeline.generations (n, live, ready, until, shape, code_version, live_at) "
            "values ($1, $2, $3, $4, $5, $6, case when $2 then now() end)",
            *(n, live, ready, [row[0] for row in ends] if fixed else None),
            *(shape or generation_shape(), code_version()),
        )
    return n
