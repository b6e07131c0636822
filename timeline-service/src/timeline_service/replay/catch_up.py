"""How another generation gets level with the log: by the projector that projects the live one."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from service_edge.topic_check import Topic
from timeline_service.adapters.kafka_reader import KafkaReader
from timeline_service.adapters.postgres_documents import PostgresDocuments
from timeline_service.adapters.postgres_projection import PostgresProjection
from timeline_service.adapters.postgres_redrives import PostgresRedrives
from timeline_service.code_version import code_version
from timeline_service.domain.vectors import Vector
from timeline_service.errors import FencedError
from timeline_service.projector.log_guard import LogGuard
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
        """Project exactly up to a vector, and all documents."""
        async with self._projector(until=vector) as projector:
            await projector.run(asyncio.Event())
        await self.feed()

    async def feed(self) -> None:
        """Make the documents that are not there yet."""
        partitions = range(self._topic.partitions)
        while behind := await self._documents.lagging(partitions):
            for partition in behind:
                await self._documents.feed(partition, _BATCH)

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

    async def _follow(self, projector: Projector, stop: asyncio.Event) -> None:
        try:
            await projector.run(stop)
        except FencedError:
            return

    @asynccontextmanager
    async def _projector(self, until: Vector | None) -> AsyncIterator[Projector]:
        settings, pool = self._task.settings, self._task.pool
        group = f"{settings.topic}.replayer.g{self._generation}"
        reader = KafkaReader(settings.kafka_bootstrap_servers, settings.topic, group)
        projection = PostgresProjection(pool, self._generation)
        await reader.start()
        try:
            yield Projector(
                reader,
                projection,
                PostgresRedrives(pool, projection, self._documents),
                self._documents,
                self._topic,
                guard=LogGuard(settings.kafka_bootstrap_servers, settings.topic, settings.guard_seconds),
                owner=f"{socket.gethostname()}/{os.getpid()}",
                batch_records=settings.batch_records,
                code_version=code_version(),
                only_live=False,
                until=until,
            )
        finally:
            await reader.stop()
