"""Replays while they run: listeners are told how far theirs is, whenever that changes, and at last what came of it."""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Final

import orjson
import structlog

from service_edge.event_streams import retry, sign_of_life
from timeline_service.adapters.postgres.notifications import PostgresNotificationListener
from timeline_service.adapters.postgres.replays import PostgresReplays
from timeline_service.domain.replays import OVER
from timeline_service.errors import UnavailableError
from timeline_service.queries.views.replays import ReplayView, replay_view

_LOG: Final = structlog.get_logger()
_READERS_AT_ONCE: Final = 2
_LOOK_SECONDS: Final = 1.0
_READ_SECONDS: Final = 2.0
_RETRY_MILLISECONDS: Final = 1_000


class ProgressFeed:
    """Looks whenever it is notified of a replay, and each second in case it did not. What is away is waited for."""

    def __init__(self, replays: PostgresReplays, notifications: PostgresNotificationListener) -> None:
        self._replays, self._notifications = replays, notifications
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.Semaphore(_READERS_AT_ONCE)

    def close(self) -> None:
        """End all streams, between two events: the process stops."""
        if not self._closing.done():
            self._closing.set_result(None)

    async def listen(self, replay_id: str, heartbeat: float) -> AsyncGenerator[bytes, None]:
        """The event stream of a replay, up to its end; a sign of life at least every `heartbeat` seconds.

        Whoever takes the pieces closes it.
        """
        yield retry(_RETRY_MILLISECONDS) + sign_of_life("")
        due = time.monotonic() + heartbeat
        told = b""
        while not self._closing.done():
            ring = self._notifications.next_ring()  # before the look, so that none is missed
            view = await self._look(replay_id)
            if view is not None and view["state"] in OVER:
                yield _block("done", orjson.dumps(view))
                return
            if view is not None and (data := orjson.dumps(view)) != told:
                yield _block("progress", data)
                told, due = data, time.monotonic() + heartbeat
            elif time.monotonic() >= due:
                yield sign_of_life("")
                due = time.monotonic() + heartbeat
            pause = min(_LOOK_SECONDS, max(0.0, due - time.monotonic()))
            await asyncio.wait([ring, self._closing], timeout=pause, return_when=asyncio.FIRST_COMPLETED)

    async def _look(self, replay_id: str) -> ReplayView | None:
        """The replay's view, or None while it cannot be read."""
        try:
            async with asyncio.timeout(_READ_SECONDS), self._reading:
                row = await self._replays.replay(replay_id)
        except (UnavailableError, TimeoutError) as error:
            _LOG.debug("not reading", reason=str(error))
            return None
        return replay_view(row) if row is not None else None


def _block(event: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event.encode(), data)
