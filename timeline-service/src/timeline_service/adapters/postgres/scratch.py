"""A schema of its own for a replay: unlogged tables, which nobody else reads, and nobody misses."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID

from timeline_service.adapters.postgres.database import connected
from timeline_service.adapters.postgres.generation_tables import create_tables
from timeline_service.adapters.postgres.sql_files import read_statements

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool

_PREFIX: Final = "timeline_scratch_"


def scratch_schema(replay_id: UUID) -> str:
    """The schema of a replay."""
    return f"{_PREFIX}{replay_id.hex}"


class PostgresScratch:
    """The schemas of replays. All methods raise UnavailableError when the server is away."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._sql = read_statements("scratch")

    @asynccontextmanager
    async def tables(self, schema: str) -> AsyncIterator[None]:
        """Empty tables of a generation in a schema, dropped in the end, and before, if it was left behind."""
        async with connected(self._pool) as connection, connection.transaction():
            await connection.execute(self._sql["drop"].replace("{schema}", schema))
            await create_tables(connection, schema, indexes=False, logged=False)
        try:
            yield
        finally:
            await self.drop([schema])

    async def left(self) -> list[str]:
        """The schemas that there are."""
        async with connected(self._pool) as connection:
            return [row["nspname"] for row in await connection.fetch(self._sql["left"], _PREFIX)]

    async def drop(self, schemas: Collection[str]) -> None:
        """Drop what replays have left."""
        for schema in schemas:
            async with connected(self._pool) as connection:
                await connection.execute(self._sql["drop"].replace("{schema}", schema))
