"""The floor of the projection: the rows that it has made, written again by nothing but COPY."""

import time
from typing import Any, Final

import asyncpg

from timeline_service.adapters.postgres_generations import create_tables
from timeline_service.adapters.sql_files import generation_schema

_GENERATION: Final = 9
_BATCH: Final = 5_000


async def copy_rows(url: str) -> float:
    """Copy the projected rows into fresh tables with the same indexes, in batches; returns events a second."""
    connection = await asyncpg.connect(url)
    try:
        revisions = await _rows(connection, "revisions")
        entries = await _rows(connection, "entries")
        async with connection.transaction():
            await create_tables(connection, generation_schema(_GENERATION), indexes=True)
        batches = max(1, -(-len(revisions) // _BATCH))
        start = time.perf_counter()
        for number in range(batches):
            async with connection.transaction():
                await connection.execute("set local synchronous_commit = off")
                for table, rows in (("revisions", revisions), ("entries", entries)):
                    some = rows[len(rows) * number // batches : len(rows) * (number + 1) // batches]
                    await connection.copy_records_to_table(table, schema_name=f"timeline_g{_GENERATION}", records=some)
        return len(revisions) / (time.perf_counter() - start)
    finally:
        await connection.close()


async def _rows(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> list[tuple[Any, ...]]:
    query = f"select * from timeline_g1.{table} order by from_offset, partition"
    return [tuple(row) for row in await connection.fetch(query)]
