"""A projector in the test's own process, so that a test can say which code judges the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service_edge.topic_check import check_topic
from timeline_service.adapters.kafka_reader import KafkaReader
from timeline_service.adapters.postgres_database import open_pool
from timeline_service.adapters.postgres_documents import PostgresDocuments
from timeline_service.adapters.postgres_projection import PostgresProjection
from timeline_service.adapters.postgres_redrives import PostgresRedrives
from timeline_service.projector.log_guard import LogGuard
from timeline_service.projector.projector import Projector


@asynccontextmanager
async def projecting(
    bootstrap_servers: str, topic: str, database_url: str, *, code_version: str, guard_seconds: float = 30
) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a projector, and stop it in order; yields its task, which ends early when the projector halts."""
    pool = await open_pool(database_url, most=3)
    projection, documents = PostgresProjection(pool, 1), PostgresDocuments(pool, 1)
    reader = KafkaReader(bootstrap_servers, topic, f"{topic}.projector")
    checked = await check_topic(bootstrap_servers, topic)
    stop = asyncio.Event()
    await reader.start()
    try:
        projector = Projector(
            reader,
            projection,
            PostgresRedrives(pool, projection, documents),
            documents,
            checked,
            guard=LogGuard(bootstrap_servers, topic, guard_seconds),
            owner=f"test/{code_version}",
            batch_records=500,
            code_version=code_version,
        )
        task = asyncio.create_task(projector.run(stop))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait([task])
        await task
    finally:
        await reader.stop()
        await pool.close()
