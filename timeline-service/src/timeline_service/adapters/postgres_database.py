"""Connections to PostgreSQL, with its failures as ours."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import asyncpg

from timeline_service.errors import UnavailableError

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

CONNECT_SECONDS: Final = 10
CLOSE_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 60

#: What going away looks like: refused or cut connections, a server that starts, stops, is short of something, or has
#: no such database or role (yet).
_AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)


async def open_pool(url: str, *, most: int) -> "Pool":
    """A pool that connects when it is first used; close it when done."""
    return await asyncpg.create_pool(
        url,
        min_size=0,  # so that a process starts although the server is away
        max_size=most,
        timeout=CONNECT_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        server_settings={"application_name": "dyadline timeline", "jit": "off", "timezone": "UTC"},
    )


async def close_pool(pool: "Pool") -> None:
    """Let the connections go: in order, or at once where the server does not answer."""
    try:
        await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
    except (TimeoutError, OSError, asyncpg.InterfaceError):
        pool.terminate()


@asynccontextmanager
async def connected(pool: "Pool") -> AsyncIterator["Connection"]:
    """A connection of the pool; raises UnavailableError when the server is away or goes away."""
    with going_away():
        async with pool.acquire(timeout=CONNECT_SECONDS) as connection:
            yield connection


@contextmanager
def going_away() -> Iterator[None]:
    """Raises UnavailableError where a statement inside finds the server away."""
    try:
        yield
    except _AWAY as error:
        if isinstance(error, ValueError):  # what asyncpg cannot encode: a bug of ours, which no waiting cures
            raise
        raise UnavailableError(f"PostgreSQL is out of reach: {error or type(error).__name__}") from error
