"""The floor of the projection: the rows that it has made, written again by nothing but COPY."""

import time
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from timeline_service.adapters.postgres.generation_tables import create_tables
from timeline_service.adapters.postgres.sql_files import generation_schema

_GENERATION: Final = 9
_BATCH: Final = 5_000
#: What the projection itself writes, and with what is made behind it.
ROWS: Final = ("revisions", "entries")
ROWS_AND_DOCUMENTS: Final = (*ROWS, "documents")


async def copy_rows(url: str, tables: Sequence[str]) -> float:
    """Copy the projected rows into fresh tables with the same indexes, in batches; returns events a second."""
    connection = await asyncpg.connect(url)
    try:
        await connection.set_type_codec("tsvector", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes)
        held = {table: await _rows(connection, table) for table in tables}
        schema = generation_schema(_GENERATION)
        async with connection.transaction():
            await create_tables(connection, schema, indexes=True)
        events = len(held["revisions"])
        batches = max(1, -(-events // _BATCH))
        start = time.perf_counter()
        for number in range(batches):
            async with connection.transaction():
                await connection.execute("set local synchronous_commit = off")
                for table, rows in held.items():
                    some = rows[len(rows) * number // batches : len(rows) * (number + 1) // batches]
                    await connection.copy_records_to_table(table, schema_name=schema, records=some)
        seconds = time.perf_counter() - start
        await connection.execute(f"drop schema {schema} cascade")
        return events / seconds
    finally:
        await connection.close()


async def _rows(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> list[tuple[Any, ...]]:
    query = f"select * from timeline_g1.{table} order by from_offset, partition"
    return [tuple(row) for row in await connection.fetch(query)]
