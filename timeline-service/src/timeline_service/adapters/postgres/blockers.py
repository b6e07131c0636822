"""Sessions that hold a lock and do nothing more: a process that was frozen, or cut off, inside its transaction.

PostgreSQL waits for such a session as long as its connection seems to live: for ever, where the process is frozen, and
two hours where the network is gone. Whoever needs the lock ends it instead. What it had written is rolled back, and
the fence keeps it from writing again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog

from timeline_service.adapters.postgres.database import connected
from timeline_service.adapters.postgres.sql_files import read_statements
from timeline_service.errors import UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool

_LOG: Final = structlog.get_logger()
_LOOK_SECONDS: Final = 1.0
#: No transaction of ours that takes such locks is at work for so long, but under a load that lets it be done again.
_OLD_SECONDS: Final = 5.0


@asynccontextmanager
async def ending_blockers(pool: "Pool", connection: "Connection") -> AsyncIterator[None]:
    """While a connection waits for locks inside: end those of our sessions that have held them for some seconds."""
    over = asyncio.Event()
    watching = asyncio.create_task(_watch(pool, connection.get_server_pid(), over))
    try:
        yield
    finally:
        over.set()
        await asyncio.wait({watching}, timeout=_LOOK_SECONDS)  # what it has just ended, it also says
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(pool: "Pool", pid: int, over: asyncio.Event) -> None:
    statement = read_statements("blockers")["end_blockers"]
    while not over.is_set():
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await over.wait()
                return
        except TimeoutError:
            pass
        try:
            async with connected(pool) as connection:
                ended = await connection.fetch(statement, pid, _OLD_SECONDS)
        except UnavailableError as error:
            _LOG.debug("blockers are looked for later", reason=str(error))
            continue
        for row in ended:
            _LOG.warning("ended a session that held up this one", pid=row["pid"], name=row["application_name"])
