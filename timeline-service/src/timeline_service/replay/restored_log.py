"""An exported log put back into Kafka and, where that is asked for, the projection that goes on from there."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from service_edge.kafka_access import KafkaAccess
from timeline_service.adapters.postgres.adoption import PostgresAdoption
from timeline_service.adapters.postgres.database import close_pool, open_pool
from timeline_service.replay.archive import Archive
from timeline_service.replay.restoration import Restoration, Restored, Tell


async def restore_log(
    files: Sequence[Path], into: KafkaAccess, database_url: str | None, *, replace_empty: bool, tell: Tell
) -> tuple[Restored, Mapping[int, str]]:
    """Restore files into the Kafka `into`; returns what came of it.

    With a database its projection is held against the files before anything is sent, and goes on in that Kafka
    afterwards: each generation is returned with the cluster in which it was.

    Raises ArchiveError, RestoreError and UnavailableError.
    """
    restoration = Restoration(Archive(*files), into, tell)
    if database_url is None:
        return await restoration.run(restoration.verify(), replace_empty=replace_empty), {}
    async with _adoption(database_url) as adoption:
        records = restoration.verify(await adoption.standings())
        restored = await restoration.run(records, replace_empty=replace_empty)
        return restored, await adoption.adopt(restored.cluster_id)


@asynccontextmanager
async def _adoption(database_url: str) -> AsyncIterator[PostgresAdoption]:
    pool = await open_pool(database_url, most=2)
    try:
        yield PostgresAdoption(pool)
    finally:
        await close_pool(pool)
