"""The floors of replays: the rows of a rebuilt generation, written again by nothing but COPY."""

import asyncio
import gc
import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import TYPE_CHECKING, Final

import asyncpg
import uvloop

from timeline_service.adapters.postgres.generation_tables import create_tables, generation_indexes
from timeline_service.adapters.postgres.sql_files import generation_schema

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_SCHEMA: Final = "bench_load"
_TABLES: Final = (
    "revisions", "entries", "outcomes", "documents", "pair_counts", "batch_counts", "name_counts", "checkpoints",
    "search_checkpoints",
)  # fmt: skip
_BATCH: Final = 1_000  # records, as the loader writes them
_SESSION: Final = {"jit": "off", "timezone": "UTC", "synchronous_commit": "off"}
_READ_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class BareLoad:
    """Seconds that COPY took, and those of the indexes made afterwards."""

    copying: float
    indexing: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.copying + self.indexing


async def load_rows(url: str, generation: int, processes: int) -> BareLoad:
    """Copy all rows of a generation into fresh tables, a partition in a transaction, and make the indexes.

    So many processes copy, each with a connection of its own.
    """
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch(f"select partition from {generation_schema(generation)}.checkpoints order by 1")
        async with connection.transaction():
            await create_tables(connection, _SCHEMA, indexes=False)
        partitions = [row["partition"] for row in found]
        copying = await asyncio.to_thread(_copy_in_processes, url, generation, partitions, processes)
        await connection.execute(f"set search_path = {_SCHEMA}; set maintenance_work_mem = '256MB'")
        start = time.perf_counter()
        for index in generation_indexes():
            await connection.execute(index.statement)
        indexing = time.perf_counter() - start
        await connection.execute(f"drop schema {_SCHEMA} cascade")
        return BareLoad(copying, indexing)
    finally:
        await connection.close()


def _copy_in_processes(url: str, generation: int, partitions: list[int], count: int) -> float:
    """Each process reads its rows into memory, and copies them when all have done so."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(count + 1)
    processes = [
        context.Process(target=_work, args=(url, generation, partitions[number::count], ready))
        for number in range(count)
    ]
    for process in processes:
        process.start()
    ready.wait(_READ_SECONDS)
    start = time.perf_counter()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - start
    if any(process.exitcode for process in processes):
        raise RuntimeError("the rows of a generation could not be copied: see above")
    return seconds


def _work(url: str, generation: int, partitions: list[int], ready: Barrier) -> None:
    gc.disable()
    uvloop.run(_copy(url, generation, partitions, ready))


async def _copy(url: str, generation: int, partitions: list[int], ready: Barrier) -> None:
    connection = await asyncpg.connect(url, server_settings=_SESSION)
    await connection.set_type_codec("tsvector", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes)
    held = [
        {table: await _rows(connection, generation, table, partition) for table in _TABLES} for partition in partitions
    ]
    ready.wait(_READ_SECONDS)
    for tables in held:
        batches = max(1, (len(tables["revisions"]) + len(tables["outcomes"])) // _BATCH)
        async with connection.transaction():
            for number in range(batches):
                for table, rows in tables.items():
                    some = rows[len(rows) * number // batches : len(rows) * (number + 1) // batches]
                    if some:
                        await connection.copy_records_to_table(table, schema_name=_SCHEMA, records=some)
    connection.terminate()


async def _rows(connection: "Connection", generation: int, table: str, partition: int) -> list[tuple[object, ...]]:
    """In the order in which they were written."""
    schema = generation_schema(generation)
    rows = await connection.fetch(f"select * from {schema}.{table} where partition = $1 order by ctid", partition)
    return [tuple(row) for row in rows]
