"""Connections to a streaming replica, each of which knows how far its server was when it was asked.

What a server holds is asked on the connection that is to answer, and nowhere else: behind one address there may be
several servers, and one that was started again may be further back than before. What a connection was told of its own
server stays true for as long as it is open, until that is promoted; then it stops saying that it is a hot standby.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import asyncpg

from timeline_service.adapters.postgres.database import BY_VALUE, IN_ORDER, going_away, open_pool
from timeline_service.adapters.postgres.sql_files import of_generation, read_statements
from timeline_service.domain.vectors import CopyReach, vector_of

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool

_CONNECT_SECONDS: Final = 2.0
_ACQUIRE_SECONDS: Final = 3.0


class UnfitError(Exception):
    """A replica cannot answer, so that the primary is to be asked: why, and a detail that is for the log alone."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = detail


class Use(Enum):
    """For what a connection is."""

    IN_ORDER = "statements whose rows come in order"
    BY_VALUE = "all other statements"
    LOOKS = "looks at how far the replica is"


class Identity(NamedTuple):
    """What a database has in common with its copies: the cluster's identifier, and its own number in that."""

    cluster: int
    database: int


class _Following(asyncpg.Connection):
    """A connection that keeps how far its server is, by generation, as it was told last."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self.reaches: dict[int, CopyReach] = {}


class ReplicaConnections:
    """Two pools, for statements in order and all others, and a connection for looks, which wait for no statement.

    They connect when they are used.
    """

    def __init__(self, url: str, most: int, identify: Callable[[], Identity | None]) -> None:
        """`most`: connections of each pool. `identify` tells whose copy it has to be, once the primary has said so."""
        self._url, self._most, self._identify = url, most, identify
        self._sql: Final = read_statements("replicas")
        self._pools: dict[Use, Pool] = {}

    async def open(self) -> None:
        """Open the pools, where they are not."""
        for use in Use if not self._pools else ():
            self._pools[use] = await open_pool(
                self._url,
                most=1 if use is Use.LOOKS else self._most,
                planning=IN_ORDER if use is Use.IN_ORDER else BY_VALUE,
                connect_seconds=_CONNECT_SECONDS,
                admit=self._admit,
                connection_class=_Following,
            )

    def let_go(self) -> None:
        """Cut all connections: whoever waits for an answer is told so at once."""
        for pool in self._pools.values():
            pool.terminate()
        self._pools.clear()

    @asynccontextmanager
    async def connected(self, use: Use) -> AsyncIterator["Connection"]:
        """A connection to what was a replica when it was made; raises UnavailableError, and UnfitError."""
        pool = self._pools.get(use)
        if pool is None:
            raise UnfitError("it does not answer")
        with going_away():
            async with pool.acquire(timeout=_ACQUIRE_SECONDS) as connection:
                yield connection

    async def reach(self, connection: "Connection", generation: int) -> CopyReach | None:
        """How far the copy of a generation is now; None where it has not come here, or has gone."""
        try:
            rows = await connection.fetch(of_generation(self._sql["reach"], generation))
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
            return None
        require_following(connection)
        partitions = rows[0]["partition_count"] if rows else 0
        vector, documents, redrives = (
            vector_of({row["partition"]: row[name] for row in rows}, partitions)
            for name in ("next_offset", "documents", "redriven")
        )
        reach = CopyReach(vector, documents, redrives)
        kept(connection)[generation] = reach
        return reach

    async def replayed_seconds(self, connection: "Connection") -> float | None:
        """How many seconds ago that was committed which has come here last; None before the first."""
        seconds: float | None = await connection.fetchval(self._sql["replayed"])
        return seconds

    async def _admit(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Raises UnfitError for a connection to what is no copy of the primary's database."""
        wanted = self._identify()
        if wanted is None:
            raise UnfitError("the primary has not said yet whose copy it has to be")
        require_following(connection)
        found = await identity_of(connection)
        if found.cluster != wanted.cluster:
            raise UnfitError("it is of another cluster than DATABASE_URL: no copy of it")
        if found.database != wanted.database:
            raise UnfitError("it names another database of the cluster than DATABASE_URL")


def kept(connection: "Connection") -> dict[int, CopyReach]:
    """How far a connection was told that its server is, by generation."""
    return cast(_Following, connection).reaches  # the pool hands on what is asked of the connection behind it


def require_following(connection: "Connection | asyncpg.Connection[asyncpg.Record]") -> None:
    """Raises UnfitError unless a server was a replica when it gave its last answer, which says so."""
    if getattr(connection.get_settings(), "in_hot_standby", None) != "on":
        raise UnfitError("it is a primary, and no replica: promoted, or never one (or older than PostgreSQL 14)")


async def identity_of(connection: "Connection | asyncpg.Connection[asyncpg.Record]") -> Identity:
    """Of whose copies a database is one."""
    row = await connection.fetchrow(read_statements("replicas")["identity"])
    assert row is not None
    return Identity(row["cluster"], row["database"])
