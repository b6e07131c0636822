"""Connections to PostgreSQL, with its failures as ours."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import asyncpg
from prometheus_client import Gauge

from service_edge.tls import explain_certificate
from timeline_service.adapters.postgres.days import use_days
from timeline_service.errors import FencedError, HaltError, UnavailableError

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    OwnConnection = asyncpg.Connection[asyncpg.Record]
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

CONNECT_SECONDS: Final = 10
CLOSE_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 60

_LIMIT: Final = Gauge("dyadline_pool_connections_limit", "Connections to PostgreSQL that a pool may open.", ["pool"])
_OPEN: Final = Gauge("dyadline_pool_connections_open", "Connections that it has open.", ["pool"])
_USED: Final = Gauge("dyadline_pool_connections_used", "Connections of it that are in use.", ["pool"])

#: How soon the server notices that a client has gone or was cut off: hours, if nobody says.
_FAREWELL: Final = {
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
}

#: What going away looks like: refused or cut connections, a server that starts, stops, is short of something, or has
#: no such database or role (yet).
_AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's farewell came between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)


#: Plans for rows that come in order from an index and are few: the planner, which cannot know how few, would gather and
#: sort all there are. One plan serves all values.
IN_ORDER: Final = {
    "enable_bitmapscan": "off",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}
#: Plans for what is asked for, however rare or common it is.
BY_VALUE: Final = {"plan_cache_mode": "force_custom_plan"}


async def open_pool(
    url: str,
    *,
    most: int,
    planning: Mapping[str, str] | None = None,
    name: str = "",
    connect_seconds: float = CONNECT_SECONDS,
    connection_class: "type[OwnConnection]" = asyncpg.Connection,
    admit: "Callable[[OwnConnection], Awaitable[None]] | None" = None,
) -> "Pool":
    """A pool that connects when it is first used; close it when done. `planning`: how its statements are planned.

    One with a `name` tells in the metrics how much of it is in use. `admit` may refuse a connection that was made.
    """

    async def prepare(connection: "OwnConnection") -> None:
        await use_days(connection)
        if admit is not None:
            await admit(connection)

    pool = await asyncpg.create_pool(
        url,
        min_size=0,  # so that a process starts although the server is away
        max_size=most,
        timeout=connect_seconds,
        command_timeout=STATEMENT_SECONDS,
        connection_class=connection_class,
        init=prepare,
        reset=_nothing,
        server_settings={
            "application_name": "dyadline timeline",
            "jit": "off",
            "timezone": "UTC",
            "idle_in_transaction_session_timeout": "60s",  # its client is frozen
            **_FAREWELL,
            **(planning or {}),
        },
    )
    if name:
        _LIMIT.labels(name).set(most)
        _OPEN.labels(name).set_function(pool.get_size)
        _USED.labels(name).set_function(lambda: pool.get_size() - pool.get_idle_size())
    return pool


async def connect(url: str, **settings: str) -> "OwnConnection":
    """A connection of one's own, with settings of its session; close it when done. Raises what asyncpg raises."""
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings={**_FAREWELL, **settings})


async def _nothing(connection: object) -> None:
    """No session is ever changed, so none is reset: that would be one more round trip for each statement."""


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


@asynccontextmanager
async def connected_to_control(pool: "Pool") -> AsyncIterator["Connection"]:
    """The same, for the tables that outlive every generation; raises UnavailableError where they are not made yet."""
    try:
        async with connected(pool) as connection:
            yield connection
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise UnavailableError("the database lacks tables that this code needs: run timeline migrate") from error


@asynccontextmanager
async def connected_to(pool: "Pool", generation: int) -> AsyncIterator["Connection"]:
    """The same, for who writes a generation; raises FencedError when that has been dropped.

    Raises HaltError, with nothing written, where records would be passed over, or counted twice.
    """
    try:
        async with connected(pool) as connection:
            yield connection
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise FencedError(f"generation {generation} has been dropped") from error
    except asyncpg.CheckViolationError as error:
        raise HaltError(
            f"the counts of generation {generation} would no longer add up to the log's offsets, so nothing was "
            f"written ({error.detail}): somebody has changed them, or this code has a bug. Verify, or rebuild"
        ) from error


@contextmanager
def going_away() -> Iterator[None]:
    """Raises UnavailableError where a statement inside finds the server away."""
    try:
        yield
    except _AWAY as error:
        if isinstance(error, ValueError) and not isinstance(error, ssl.SSLError):
            raise  # what asyncpg cannot encode: a bug of ours, which no waiting cures
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError from error  # asyncpg hides it where a cancelled statement hangs
        raise UnavailableError(f"PostgreSQL is out of reach: {_words(error)}") from error


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"it {explain_certificate(error, 'sslrootcert in DATABASE_URL')}"
    return str(error) or type(error).__name__
