"""A projector with all that it works with: for the live generation, and for one that a replay catches up."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from service_edge.topic_check import KafkaTopic
from timeline_service.adapters.kafka.reader import KafkaReader
from timeline_service.adapters.postgres.processes import own_name
from timeline_service.adapters.postgres.projection import PostgresProjection
from timeline_service.adapters.postgres.redrives import PostgresRedrives
from timeline_service.adapters.postgres.search_documents import PostgresDocuments
from timeline_service.domain.vectors import OffsetVector
from timeline_service.projector.log_guard import LogGuard
from timeline_service.projector.projector import Projector
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool


@asynccontextmanager
async def open_projector(
    settings: Settings,
    pool: "Pool",
    topic: KafkaTopic,
    generation: int,
    *,
    group: str,
    code: str | None = None,
    begun: Callable[[], None] = lambda: None,
    only_live: bool = True,
    until: OffsetVector | None = None,
) -> AsyncIterator[Projector]:
    """A projector of a generation, as a member of a consumer group, which it leaves at the end.

    `code` is the version of the code that judges, if it is not ours; the rest as in Projector. Raises UnavailableError.
    """
    reader = KafkaReader(settings.kafka, settings.topic, group, settings.session_seconds)
    projection, documents = PostgresProjection(pool, generation), PostgresDocuments(pool, generation)
    try:
        await reader.start()
        yield Projector(
            reader,
            projection,
            PostgresRedrives(pool, projection, documents),
            documents,
            topic,
            guard=LogGuard(settings.kafka, settings.topic, settings.guard_seconds),
            owner=own_name(),
            batch_records=settings.batch_records,
            stall_seconds=settings.stall_seconds,
            code_version=code or settings.judged_by,
            trusted=settings.trusted_keys_file,
            begun=begun,
            only_live=only_live,
            until=until,
        )
    finally:
        await reader.stop()
