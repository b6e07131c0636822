"""One partition of the log, from its beginning, into empty tables: all of it or nothing, in one transaction."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from timeline_service.adapters.postgres.loading import LoadedCheckpoint, PairCount, PostgresLoading, loading_into
from timeline_service.domain.name_counts import NameCountRow, NameCounts
from timeline_service.domain.record_digests import digest
from timeline_service.domain.vectors import OffsetVector
from timeline_service.judge.batch_counts import BatchCountRow, batch_rows
from timeline_service.judge.decoding import RawRecord
from timeline_service.judge.recording_times import instant_of
from timeline_service.judge.trusted_keys import TrustedKeys
from timeline_service.replay.loading.partition_fold import PartitionFold, parts_of
from timeline_service.replay.loading.row_writer import RowWriter
from timeline_service.replay.loading.spill import Spill
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.loading import Connection

#: Records of one partition in batches, in the order of the log.
Records = AsyncIterator[Sequence[RawRecord]]
#: Told of records and bytes that were replayed.
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PartitionLoad:
    """What is loaded, and where: the records of a partition below `end`, of a topic of so many partitions."""

    schema: str
    partition: int
    end: int
    partitions: int
    cluster_id: str
    code_version: str
    spill_folder: str | None = None
    trusted_keys: str | None = None  # the text of their file

    def written(self) -> bytes:
        """The load as a line of JSON, which a worker reads."""
        return orjson.dumps(asdict(self)) + b"\n"

    @classmethod
    def read(cls, line: bytes) -> "PartitionLoad":
        """The load that `written` wrote."""
        return cls(**orjson.loads(line))


def partition_loads(settings: Settings, schema: str, cluster_id: str, ends: OffsetVector) -> Iterator[PartitionLoad]:
    """What to load to have all partitions in a schema, up to their ends."""
    keys = settings.trusted_keys_file.text if settings.trusted_keys_file is not None else None
    for partition, end in enumerate(ends):
        yield PartitionLoad(
            schema, partition, end, len(ends), cluster_id, settings.judged_by, settings.spill_folder, keys
        )


async def load_partition(connection: "Connection", load: PartitionLoad, records: Records, tell: Tell) -> None:
    """Lay the records aside by event, fold them, and write the rows. Nothing is done if that was done already.

    Raises UnavailableError when the server goes away.
    """
    async with loading_into(connection, load.schema) as tables:
        if not await tables.begin(load.partition, load.cluster_id, load.partitions):
            return
        trusted = TrustedKeys(load.trusted_keys) if load.trusted_keys is not None else None
        fold, rows = PartitionFold(load.partitions, load.code_version, trusted), RowWriter(tables)
        with Spill(load.spill_folder, load.end) as spill:
            async for batch in records:
                spill.add([fold.date(raw) for raw in batch])
            fold.end(load.end)
            for bucket in spill.buckets():
                count, size = 0, 0
                for part in parts_of(bucket):
                    for changes in fold.fold(part.records):
                        await rows.add(changes, part.size)
                    count, size = count + len(part.records), size + part.size
                tell(count, size)
        await rows.add(fold.rest())
        await rows.write()
        await _finish(tables, load, fold, rows.names)


async def _finish(tables: PostgresLoading, load: PartitionLoad, fold: PartitionFold, names: NameCounts) -> None:
    """Write what is known at the end: how many events each pair and name has, what became of loads, the checkpoint."""
    pairs = [PairCount(load.partition, pair, *counted) for pair, counted in fold.pairs.items()]
    await tables.copy("pair_counts", PairCount, pairs)
    await tables.copy("batch_counts", BatchCountRow, batch_rows(fold.batch_counts))
    await tables.copy("name_counts", NameCountRow, names.rows(load.partition))
    last, counts = fold.last, fold.counts
    await tables.finish(
        LoadedCheckpoint(
            partition=load.partition,
            next_offset=load.end,
            last_offset=last.raw.offset if last is not None else None,
            last_timestamp=last.raw.timestamp if last is not None else None,
            last_sha256=digest(last.raw) if last is not None else None,
            recorded_at=instant_of(last.recorded) if last is not None else None,
            applied=counts.applied,
            duplicate=counts.duplicate,
            rejected=counts.rejected,
            parked=counts.parked,
            gaps=counts.gaps,
        )
    )
