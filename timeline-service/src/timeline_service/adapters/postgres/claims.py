"""The connection of a replayer: it says who carries replays out, holds their locks, and hears of news."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID

from timeline_service.adapters.postgres.database import connect, going_away
from timeline_service.adapters.postgres.replays import CHANNEL, REPLAYER
from timeline_service.adapters.postgres.sql_files import read_statements
from timeline_service.errors import UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import OwnConnection

_MAX_NAME_LENGTH: Final = 63  # PostgreSQL cuts off what is longer


class PostgresClaims:
    """Locks of replays, which go with the connection: whoever is there next can take them."""

    def __init__(self, connection: "OwnConnection", news: asyncio.Event) -> None:
        self._connection = connection
        self._sql = read_statements("claims")
        self.news = news

    def require_held(self) -> None:
        """Raises UnavailableError where the connection was cut: with it went the locks."""
        if self._connection.is_closed():
            raise UnavailableError("the replayer's connection to PostgreSQL was cut")

    async def take(self, replay_id: UUID) -> bool:
        """Lock a replay; False, at once, if somebody else has."""
        return bool(await self._connection.fetchval(self._sql["take"], _lock_of(replay_id)))

    async def release(self, replay_id: UUID) -> None:
        """Let go of a replay."""
        await self._connection.execute(self._sql["release"], _lock_of(replay_id))


@asynccontextmanager
async def open_claims(database_url: str) -> AsyncIterator[PostgresClaims]:
    """A connection that is named after this process. Its news are set when there is something new in the table.

    Raises UnavailableError when the server is away, or goes away inside.
    """
    name = f"{REPLAYER}{os.getpid()}@{socket.gethostname()}"[:_MAX_NAME_LENGTH]
    news = asyncio.Event()
    with going_away():
        connection = await connect(database_url, application_name=name)
        try:
            await connection.add_listener(CHANNEL, lambda *_: news.set())
            connection.add_termination_listener(lambda _: news.set())
            yield PostgresClaims(connection, news)
        finally:
            await connection.close(timeout=1)


def _lock_of(replay_id: UUID) -> int:
    """The number of a replay's advisory lock."""
    return int.from_bytes(replay_id.bytes[:8], signed=True)
