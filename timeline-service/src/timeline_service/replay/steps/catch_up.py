"""Catch up: another generation gets level with the log, by the projector that projects the live one."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import structlog

from timeline_service.adapters.postgres.comparison import PostgresComparison
from timeline_service.adapters.postgres.projection import PostgresProjection
from timeline_service.adapters.postgres.search_documents import PostgresDocuments
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import FencedError, StuckError
from timeline_service.projector.assembly import open_projector
from timeline_service.projector.projector import Projector
from timeline_service.replay.attempt import Attempt
from timeline_service.replay.log import ReplayedLog

_LOG: Final = structlog.get_logger()
_BATCH: Final = 500
_NEAR: Final = 1_000


class CatchUp:
    """Projects a generation that is not live, and its documents."""

    def __init__(self, attempt: Attempt, log: ReplayedLog, generation: int) -> None:
        self.schema = generation_schema(generation)
        self._attempt = attempt
        self._log = log
        self._generation = generation
        self._documents = PostgresDocuments(attempt.pool, generation)

    async def follow(self, comparison: PostgresComparison) -> None:
        """Follow the live projection in ever shorter steps, until it is near, or most of a step is to begin it."""
        partitions = self._log.topic.partitions
        behind = math.inf
        while behind >= _NEAR:
            before = behind
            reached = await comparison.vector(self.schema, partitions)
            goal = await comparison.reach(partitions)
            await self.up_to(tuple(map(max, reached, map(min, goal, await self._log.ends()))))
            now = await comparison.reach(partitions)
            behind = sum(max(0, at - was) for at, was in zip(now, goal, strict=True))
            if behind > 0.8 * before:
                return

    async def up_to(self, vector: OffsetVector) -> None:
        """Project exactly up to a vector, and all documents; raises StuckError where somebody else does."""
        if not await self._is_at(vector):
            try:
                async with self._projector(until=vector) as projector:
                    await projector.run(asyncio.Event())
            except FencedError as error:  # nobody else is to project it, but a crash of the database fences, too
                raise StuckError(f"generation {self._generation} could not be caught up: {error}") from error
        await self.feed()

    async def feed(self) -> None:
        """Make all documents that are not there yet. Nobody projects meanwhile."""
        while await self.feed_some():
            pass

    async def feed_some(self) -> bool:
        """Make some documents of each partition that is behind; whether any was."""
        behind = await self._documents.lagging(range(self._log.topic.partitions))
        for partition in behind:
            await self._documents.feed(partition, _BATCH)
        return bool(behind)

    @asynccontextmanager
    async def tail(self) -> AsyncIterator["asyncio.Task[None]"]:
        """Follow the log meanwhile; yields the task that does, which ends when another projector takes over."""
        async with self._projector(until=None) as projector:
            stop = asyncio.Event()
            following = asyncio.create_task(self._follow(projector, stop))
            try:
                yield following
            finally:
                stop.set()
                for error in await asyncio.gather(following, return_exceptions=True):
                    if error is not None:
                        _LOG.info("no longer following", generation=self._generation, reason=str(error))

    async def _is_at(self, vector: OffsetVector) -> bool:
        """Whether all is projected up to a vector, and nothing parked, which this code may have to judge again."""
        found = await PostgresProjection(self._attempt.pool, self._generation).checkpoints()
        at = {partition: held.next_offset for partition, held in found.items() if not held.parked}
        return at == dict(enumerate(vector))

    async def _follow(self, projector: Projector, stop: asyncio.Event) -> None:
        try:
            await projector.run(stop)
        except FencedError:
            return

    def _projector(self, until: OffsetVector | None) -> AbstractAsyncContextManager[Projector]:
        settings, generation = self._attempt.settings, self._generation
        group = f"{settings.topic}.replayer.g{generation}"
        return open_projector(
            settings, self._attempt.pool, self._log.topic, generation, group=group, only_live=False, until=until
        )
