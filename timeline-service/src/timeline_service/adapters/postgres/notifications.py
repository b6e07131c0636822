"""Notifications of PostgreSQL: one LISTEN connection wakes all who wait in a process for what was committed."""

import asyncio
from collections.abc import Callable
from typing import Final

import asyncpg
import structlog

from timeline_service.adapters.postgres.database import connect

_LOG: Final = structlog.get_logger()
_CHECK_SECONDS: Final = 5.0


class PostgresNotificationListener:
    """Rings wake waiters early; they look for themselves, so that a lost ring costs time and never truth.

    Whoever may `hear` is told each notification's payload.
    """

    def __init__(
        self, url: str, channel: str = "dyadline_projected", hear: Callable[[str], None] = lambda _: None
    ) -> None:
        self._url = url
        self._channel = channel
        self._hear = hear
        self._rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Listen for as long as the process runs, over whatever connection there is."""
        while True:
            try:
                connection = await connect(self._url)
                try:
                    await connection.add_listener(self._channel, self._heard)
                    self._ring()
                    while True:
                        await asyncio.sleep(_CHECK_SECONDS)
                        await connection.execute("select 1", timeout=_CHECK_SECONDS)
                finally:
                    await connection.close(timeout=1)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _LOG.debug("not listening", error=str(error))
                await asyncio.sleep(0.5)

    async def wait(self, seconds: float) -> None:
        """Return at the next ring, or after so many seconds."""
        await asyncio.wait([self._rung], timeout=seconds)

    def next_ring(self) -> "asyncio.Future[None]":
        """Done at the next ring: who takes it before they look misses none that comes meanwhile."""
        return self._rung

    def _heard(self, connection: object, pid: int, channel: str, payload: object) -> None:
        self._hear(str(payload))
        self._ring()

    def _ring(self) -> None:
        rung, self._rung = self._rung, asyncio.get_running_loop().create_future()
        rung.set_result(None)
