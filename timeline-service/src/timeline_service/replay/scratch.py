"""A schema of its own for a replay: unlogged tables, which nobody else reads, and nobody misses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID

from timeline_service.adapters.postgres.database import connected
from timeline_service.adapters.postgres.generations import create_tables

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool


_PREFIX: Final = "timeline_scratch_"


def scratch_of(replay_id: UUID) -> str:
    """The schema of a replay."""
    return f"{_PREFIX}{replay_id.hex}"


async def left_scratch(pool: "Pool") -> list[str]:
    """The schemas that there are."""
    async with connected(pool) as connection:
        rows = await connection.fetch("select nspname from pg_namespace where starts_with(nspname, $1)", _PREFIX)
    return [row[0] for row in rows]


@asynccontextmanager
async def scratch_tables(pool: "Pool", schema: str) -> AsyncIterator[None]:
    """Empty tables of a generation in a schema, which is dropped at the end, as is what an earlier attempt has left."""
    async with connected(pool) as connection, connection.transaction():
        await connection.execute(f"drop schema if exists {schema} cascade")
        await create_tables(connection, schema, indexes=False, logged=False)
    try:
        yield
    finally:
        await drop_scratch(pool, schema)


async def drop_scratch(pool: "Pool", schema: str) -> None:
    """Drop what a replay has left."""
    async with connected(pool) as connection:
        await connection.execute(f"drop schema if exists {schema} cascade")
