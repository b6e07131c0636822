"""Empty tables that are loaded with a partition of the log: many rows, written by COPY, in one transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import asyncpg

from timeline_service.adapters.postgres.copying import copy_rows
from timeline_service.adapters.postgres.database import connect, going_away
from timeline_service.adapters.postgres.days import use_days
from timeline_service.adapters.postgres.sql_files import read_statements

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_SESSION: Final = {"application_name": "dyadline replay", "jit": "off", "timezone": "UTC", "synchronous_commit": "off"}


class LoadedCheckpoint(NamedTuple):
    """The columns of a checkpoint that a load sets: where the partition ends, its last record, and its counts."""

    partition: int
    next_offset: int
    last_offset: int | None
    last_timestamp: int | None
    last_sha256: bytes | None
    recorded_at: datetime | None
    applied: int
    duplicate: int
    rejected: int
    parked: int
    gaps: int


class PairCount(NamedTuple):
    """The columns of a pair's count of events in a partition."""

    partition: int
    pair: str
    events: int
    last_offset: int


class PostgresLoading:
    """The tables of one schema, inside the transaction that loads a partition into them."""

    def __init__(self, connection: "Connection", schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._sql = {name: text.replace("{schema}", schema) for name, text in read_statements("loading").items()}

    async def begin(self, partition: int, cluster_id: str, partitions: int) -> bool:
        """Begin to load a partition; False if it is loaded already. Whoever loads it meanwhile is waited for."""
        return await self._connection.fetchval(self._sql["begin"], partition, cluster_id, partitions) is not None

    async def copy(self, table: str, kind: type[NamedTuple], rows: Sequence[Any]) -> None:
        """Write rows of a kind into a table, which has none of theirs yet."""
        await copy_rows(self._connection, self._schema, table, kind, rows)

    async def finish(self, checkpoint: LoadedCheckpoint) -> None:
        """Say what was loaded; its documents are all there."""
        await self._connection.execute(self._finishing, *checkpoint)
        await self._connection.execute(self._sql["finish_documents"], checkpoint.partition, checkpoint.next_offset)

    @property
    def _finishing(self) -> str:
        columns = LoadedCheckpoint._fields
        values = (f"${number}" for number, _ in enumerate(columns, 1))
        return self._sql["finish"].replace("{columns}", ", ".join(columns)).replace("{values}", ", ".join(values))


@asynccontextmanager
async def loading_into(connection: "Connection", schema: str) -> AsyncIterator[PostgresLoading]:
    """Load into the tables of a schema: all of it or nothing. Raises UnavailableError when the server goes away."""
    with going_away():
        async with connection.transaction():
            yield PostgresLoading(connection, schema)


async def connect_to_load(database_url: str) -> "Connection":
    """Connect; raises UnavailableError when the server is away."""
    with going_away():
        connection = await connect(database_url, **_SESSION)
        await use_days(connection)
        return connection
