"""An exported log replayed into an empty database, without Kafka: the archive is enough."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from timeline_service.adapters.postgres.comparison import PostgresComparison
from timeline_service.adapters.postgres.database import close_pool, open_pool
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.migrations import migrate_database
from timeline_service.adapters.postgres.reach import PostgresReach
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.domain.comparisons import digest_view, whole_digest
from timeline_service.domain.replays import PartitionProgress, Progress, offsets_view
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.replay.archive import Archive
from timeline_service.replay.loading.partition_load import PartitionLoad, partition_loads
from timeline_service.replay.loading.workers import cores, start_workers
from timeline_service.settings import Settings

#: An export does not say which cluster it is from. The projector adopts the one that has the same last records.
_NO_CLUSTER: Final = ""
_ALONE: Final = {"log_digest": None, "differences": 0}
Tell = Callable[[Progress], None]


async def replay_archive(settings: Settings, path: Path, tell: Tell) -> dict[str, Any]:
    """Load an exported file into the database, which must be empty, and show it from then on; returns the result.

    Raises ArchiveError for a file that is not a whole export, HaltError for a database that is not empty, or
    does not stay so, and UnavailableError when the server is away. Then nothing is shown, and what was loaded is gone.
    """
    started = time.monotonic()
    archive = Archive(path)
    await migrate_database(settings.database_url.get_secret_value(), settings.judged_by)
    pool = await open_pool(settings.database_url.get_secret_value(), most=2)
    try:
        generations = PostgresGenerations(pool, settings.judged_by)
        await _require_empty(generations, PostgresReach(pool))
        n = await generations.create(None)
        try:
            progress = Progress()
            loads = [*partition_loads(settings, generation_schema(n), _NO_CLUSTER, archive.next_offsets)]
            await _load(settings, path, loads, progress, tell)
            async for name in generations.indexes(n):
                progress.phase = f"indexing: {name}"
                tell(progress)
            before = await generations.live()
            if not await generations.swap(n):
                raise HaltError(
                    "a projector projects into this database meanwhile, and what it has is not replaced: stop it, or "
                    "name an empty database in DATABASE_URL"
                )
        except BaseException:
            with suppress(UnavailableError):
                await generations.drop(n)
            raise
        if before is not None:
            await generations.drop(before.n)
        return await _result(settings, n, archive, time.monotonic() - started)
    finally:
        await close_pool(pool)


async def _require_empty(generations: PostgresGenerations, reach: PostgresReach) -> None:
    """Drops what an earlier attempt has left, which nobody reads."""
    for n in await generations.unfinished():
        await generations.drop(n)
    if len(await generations.ready()) > 1 or any((await reach.live()).values()):
        raise HaltError("the database holds a projection already: name an empty one in DATABASE_URL")


async def _load(settings: Settings, path: Path, loads: Sequence[PartitionLoad], progress: Progress, tell: Tell) -> None:
    progress.phase = "loading"
    progress.partitions = {load.partition: PartitionProgress(total=load.end) for load in loads}

    def add(partition: int, records: int, size: int) -> None:
        part = progress.partitions[partition]
        part.records, part.bytes = part.records + records, part.bytes + size
        tell(progress)

    tell(progress)
    async with start_workers(settings, cores(len(loads)), path) as workers:
        await workers.load(loads, add)


async def _result(settings: Settings, n: int, archive: Archive, seconds: float) -> dict[str, Any]:
    """The digests are those that a verification gives at the same offsets."""
    vector = archive.next_offsets
    comparison = PostgresComparison(settings.database_url.get_secret_value(), generation_schema(n), "")
    digests = await comparison.digests(generation_schema(n), vector, vector)
    return {
        "equal": None,
        "generation": n,
        "digest": whole_digest(digests).hex(),
        "log_digest": None,
        "rows": sum(digest.rows for digest in digests.values()),
        "tables": [digest_view(table, digest) | _ALONE for table, digest in digests.items()],
        "differences": [],
        "explained": await comparison.explained(generation_schema(n), vector),
        "next_offsets": offsets_view(vector),
        "code_version": settings.judged_by,
        "seconds": round(seconds, 1),
    }
