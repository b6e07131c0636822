"""A projector in the test's own process, so that a test can say which code judges the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service_edge.kafka_access import KafkaAccess
from service_edge.topic_check import check_topic
from timeline_service.adapters.postgres.database import open_pool
from timeline_service.projector.assembly import open_projector
from timeline_service.settings import Settings


@asynccontextmanager
async def projecting(
    bootstrap_servers: str,
    topic: str,
    database_url: str,
    *,
    code_version: str,
    guard_seconds: float = 30,
    stall_seconds: float = 30,
) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a projector, and stop it in order; yields its task, which ends early when the projector halts."""
    settings = Settings(
        kafka=KafkaAccess(bootstrap_servers),
        topic=topic,
        batch_records=500,
        guard_seconds=guard_seconds,
        stall_seconds=stall_seconds,
    )
    pool = await open_pool(database_url, most=3)
    checked = await check_topic(KafkaAccess(bootstrap_servers), topic)
    stop = asyncio.Event()
    try:
        async with open_projector(
            settings, pool, checked, 1, group=f"{topic}.projector", code=code_version
        ) as projector:
            task = asyncio.create_task(projector.run(stop))
            try:
                yield task
            finally:
                stop.set()
                await asyncio.wait([task])
            await task
    finally:
        await pool.close()
