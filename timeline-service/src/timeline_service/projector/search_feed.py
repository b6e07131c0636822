"""The second projection: documents for full-text search, made behind the first one and never at its cost."""

import asyncio
from collections.abc import Callable, Collection
from itertools import count
from typing import Final

import structlog

from timeline_service.adapters.postgres.search_documents import PostgresDocuments
from timeline_service.errors import UnavailableError

_LOG: Final = structlog.get_logger()
_MOST: Final = 500
_PATIENCE: Final = 5.0
_LOOK_SECONDS: Final = 2.0


class SearchFeed:
    """Makes documents whenever the projector has nothing to catch up with, and a few every five seconds when it has."""

    def __init__(self, documents: PostgresDocuments, partitions: Callable[[], Collection[int]]) -> None:
        self._documents = documents
        self._partitions = partitions
        self._idle = asyncio.Event()
        self._news = asyncio.Event()
        self._idle.set()

    def projected(self, *, catching_up: bool) -> None:
        """The projector has committed a batch; `catching_up`: there is more to read at once."""
        self._news.set()
        if catching_up:
            self._idle.clear()
        else:
            self._idle.set()

    async def run(self) -> None:
        """Feed until cancelled. While the database is away it waits; anything else is a bug, and said so."""
        for turn in count():
            await _wait(self._idle, _PATIENCE)
            self._news.clear()
            try:
                behind = await self._documents.lagging(self._partitions())
                due = behind if self._idle.is_set() else behind[turn % max(1, len(behind)) :][:1]
                for partition in due:
                    await self._documents.feed(partition, _MOST)
            except UnavailableError as error:
                _LOG.debug("documents wait", reason=str(error))
                behind = []
            if not behind:
                await _wait(self._news, _LOOK_SECONDS)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    # Not wait_for: until Python 3.12 it can swallow a cancellation that comes with the event.
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
