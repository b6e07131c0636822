"""How another generation gets level with the log: by the projector that projects the live one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import structlog

from service_edge.topic_check import Topic
from timeline_service.adapters.postgres.documents import PostgresDocuments
from timeline_service.adapters.postgres.projection import PostgresProjection
from timeline_service.domain.vectors import Vector
from timeline_service.errors import FencedError, StuckError
from timeline_service.projector.assembly import open_projector
from timeline_service.projector.projector import Projector
from timeline_service.replay.task import Task

_LOG: Final = structlog.get_logger()
_BATCH: Final = 500


class CatchUp:
    """Projects a generation that is not live, and its documents."""

    def __init__(self, task: Task, topic: Topic, generation: int) -> None:
        self._task = task
        self._topic = topic
        self._generation = generation
        self._documents = PostgresDocuments(task.pool, generation)

    async def up_to(self, vector: Vector) -> None:
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
        behind = await self._documents.lagging(range(self._topic.partitions))
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

    async def _is_at(self, vector: Vector) -> bool:
        """Whether all is projected up to a vector, and nothing parked, which this code may have to judge again."""
        found = await PostgresProjection(self._task.pool, self._generation).checkpoints()
        at = {partition: held.next_offset for partition, held in found.items() if not held.parked}
        return at == dict(enumerate(vector))

    async def _follow(self, projector: Projector, stop: asyncio.Event) -> None:
        try:
            await projector.run(stop)
        except FencedError:
            return

    def _projector(self, until: Vector | None) -> AbstractAsyncContextManager[Projector]:
        settings, generation = self._task.settings, self._generation
        group = f"{settings.topic}.replayer.g{generation}"
        return open_projector(
            settings, self._task.pool, self._topic, generation, group=group, only_live=False, until=until
        )
