"""Where the records of a load come from: Kafka, or an export of the log."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Protocol

from timeline_service.adapters.kafka.scan import open_scan
from timeline_service.replay.archive import Archive
from timeline_service.replay.loading.partition_load import PartitionLoad, Records
from timeline_service.settings import Settings


class Source(Protocol):
    """A log, read partition by partition."""

    def records(self, load: PartitionLoad) -> AbstractAsyncContextManager[Records]:
        """The records of a partition from its beginning up to its end; raises HaltError where they are not there."""
        ...


class KafkaSource:
    """The log itself. Raises UnavailableError when Kafka is away."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @asynccontextmanager
    async def records(self, load: PartitionLoad) -> AsyncIterator[Records]:
        """By a consumer of its own: one that has come to an end first waits there for more."""
        settings = self._settings
        async with open_scan(settings.kafka, settings.topic, settings.stall_seconds) as scan:
            yield scan.read(load.partition, 0, load.end)


class ArchiveSource:
    """An export in a file. Raises ArchiveError where that is not whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @asynccontextmanager
    async def records(self, load: PartitionLoad) -> AsyncIterator[Records]:
        """A partition's records as they stand in the file."""
        yield self._read(load.partition)

    async def _read(self, partition: int) -> Records:
        for batch in self._archive.records(partition):
            yield [raw for raw, _ in batch]

    @cached_property
    def _archive(self) -> Archive:
        """Looked through once, however many partitions are loaded from it."""
        return Archive(self._path)
