"""The replayer: claims replays from their table, one that builds and one that verifies at a time.

A replay that runs is locked by its replayer's connection. When that goes, killed or cut off, whoever is there next
goes on with the replay.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import structlog

from timeline_service.adapters.postgres.claims import PostgresClaims, open_claims
from timeline_service.adapters.postgres.processes import own_name
from timeline_service.adapters.postgres.replays import PostgresReplays
from timeline_service.domain.replays import builds
from timeline_service.errors import UnavailableError
from timeline_service.replay.attempt import Attempt
from timeline_service.replay.outcome import carry_out
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool


_LOG: Final = structlog.get_logger()
_LOOK_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 2.0


class Running(NamedTuple):
    """A replay that was claimed, and the task that carries it out."""

    replay_id: UUID
    task: "asyncio.Task[None]"


class Replayer:
    """One process that carries replays out, over one connection that says so and holds their locks.

    `begun` is called once it can claim any.
    """

    def __init__(self, settings: Settings, pool: "Pool", begun: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._pool = pool
        self._begun = begun
        self._replays = PostgresReplays(pool)
        self._owner = own_name()
        self._running: dict[bool, Running] = {}  # the one that builds, and the one that does not
        self._not_before = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Carry replays out until told to stop; raises UnavailableError when the server is away."""
        async with open_claims(self._settings.database_url.get_secret_value()) as claims:
            self._begun()
            _LOG.info("waiting for replays")
            try:
                while not stop.is_set():
                    claims.news.clear()
                    claims.require_held()
                    await self._let_go(claims)
                    await self._claim(claims)
                    await _first_of(stop, claims.news)
            finally:
                await self._leave()

    async def _let_go(self, claims: PostgresClaims) -> None:
        """Take note of what has ended, and end what is no longer wanted."""
        for building, (replay_id, task) in list(self._running.items()):
            if task.done():
                del self._running[building]
                await claims.release(replay_id)
                try:
                    task.result()
                except (UnavailableError, asyncio.CancelledError) as error:
                    _LOG.warning("waiting", seconds=_RETRY_SECONDS, reason=str(error))
                    self._not_before = time.monotonic() + _RETRY_SECONDS
            elif not task.cancelling() and await self._replays.cancelling(replay_id):
                task.cancel()  # once: it has to tidy up in peace

    async def _claim(self, claims: PostgresClaims) -> None:
        """Begin, or go on with, what can be: the oldest first."""
        for row in await self._replays.open() if time.monotonic() >= self._not_before else ():
            building = builds(row["kind"])
            if building not in self._running and await claims.take(row["id"]):
                replay = await self._replays.claim(row["id"], self._owner)
                if replay is None:
                    await claims.release(row["id"])
                    continue
                task = asyncio.create_task(carry_out(Attempt(self._settings, self._pool, replay)))
                task.add_done_callback(lambda _: claims.news.set())
                self._running[building] = Running(replay.id, task)

    async def _leave(self) -> None:
        """Let go of what runs; it is gone on with by whoever is there next."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running.clear()


async def _first_of(*events: asyncio.Event) -> None:
    """Wait until one of the events is set, or it is time to look."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
