"""One partition of the log, from its beginning, into empty tables: all of it or nothing, in one transaction."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from timeline_service.adapters.postgres.database import going_away
from timeline_service.adapters.postgres.sql_files import read_statements
from timeline_service.code_version import code_version
from timeline_service.domain.vectors import Vector
from timeline_service.judge.arrivals import RawRecord, read_arrivals
from timeline_service.judge.batch import (
    ENTRY_COLUMNS,
    UNTIL_OF_ENTRY,
    UNTIL_OF_REVISION,
    Changes,
    Counts,
    Known,
    bounded,
    fold_batch,
)
from timeline_service.judge.recording_times import NEVER, instant_of, recorded_ms
from timeline_service.projector.same_log import digest
from timeline_service.replay.loading.row_writer import RowWriter
from timeline_service.replay.loading.spill import Spill, Spilled
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.loading import Connection

#: Records of one partition in batches, in the order of the log.
Source = AsyncIterator[Sequence[RawRecord]]
#: Told of records and bytes that were replayed.
Tell = Callable[[int, int], None]
#: What is decoded of so many records is still at hand, in the processor's caches, when it is folded.
_MOST_RECORDS: Final = 100
_MOST_BYTES: Final = 2 * 1024 * 1024
_EVENT_OF_ENTRY: Final = ENTRY_COLUMNS.index("event_id")  # and its revision behind it
_PAIR_COUNT_COLUMNS: Final = ("partition", "pair", "events", "last_offset")


@dataclass(frozen=True, slots=True)
class Load:
    """What is loaded, and where: the records of a partition below `end`, of a topic of so many partitions."""

    schema: str
    partition: int
    end: int
    partitions: int
    cluster_id: str
    code_version: str
    spill_folder: str | None = None


def loads(settings: Settings, schema: str, cluster_id: str, ends: Vector) -> Iterator[Load]:
    """What to load to have all partitions in a schema, up to their ends."""
    for partition, end in enumerate(ends):
        yield Load(schema, partition, end, len(ends), cluster_id, code_version(), settings.spill_folder)


async def load_partition(connection: "Connection", load: Load, source: Source, tell: Tell) -> None:
    """Fold the records of `source`, and write the rows. Nothing is done if the partition is loaded already.

    Raises UnavailableError when the server goes away.
    """
    with going_away():
        async with connection.transaction():
            await _Loading(connection, load, tell).run(source)


class _Loading:
    """The loading of one partition, inside a transaction."""

    def __init__(self, connection: "Connection", load: Load, tell: Tell) -> None:
        self._connection = connection
        self._load = load
        self._tell = tell
        self._sql = {name: text.replace("{schema}", load.schema) for name, text in read_statements("loading").items()}
        self._rows = RowWriter(connection, load.schema)
        self._counts = Counts()
        self._pairs: dict[str, tuple[int, int]] = {}
        self._last: Spilled | None = None
        self._known: dict[str, Known] = {}
        self._held = Changes()

    async def run(self, source: Source) -> None:
        load = self._load
        values = (load.partition, load.cluster_id, load.partitions)
        if await self._connection.fetchval(self._sql["begin"], *values) is None:
            return
        with Spill(load.spill_folder, load.end) as spill:
            async for records in source:
                spill.add([self._recorded(raw) for raw in records])
            for bucket in spill.buckets():
                count, size = 0, 0
                for part, part_size in _bounded(bucket):
                    await self._write(part, part_size)
                    count, size = count + len(part), size + part_size
                self._tell(count, size)
        await self._rows.add(self._held)
        await self._rows.write()
        await self._finish()

    def _recorded(self, raw: RawRecord) -> Spilled:
        before, expected = (self._last.recorded, self._last.raw.offset + 1) if self._last is not None else (NEVER, 0)
        self._counts.gaps += raw.offset - expected
        self._last = Spilled(raw, recorded_ms(raw.timestamp, before))
        return self._last

    async def _write(self, records: Sequence[Spilled], size: int) -> None:
        """Fold records of so many bytes, event by event, and write what they made: rows that are final."""
        recorded = [(raw, instant_of(recorded)) for raw, recorded in records]
        for part in bounded(read_arrivals(recorded, self._load.partitions)):
            known = {item.event_id: Known() for item in part if item.event_id is not None} | self._known
            changes = fold_batch(part, known, self._load.code_version)
            last = part[-1].event_id
            self._known = {last: known[last]} if last is not None else {}
            self._hold_back(changes, last)
            self._count(changes)
            await self._rows.add(changes, size)

    def _hold_back(self, changes: Changes, last: str | None) -> None:
        """Hold back the rows of the last event's last revision, which a record yet to come may end."""
        held, self._held = self._held, Changes()
        for _, _, until in changes.closed_revisions:  # it can only be the one that was held back
            held.revisions[0][UNTIL_OF_REVISION] = until
            for entry in held.entries:
                entry[UNTIL_OF_ENTRY] = until
        changes.revisions[:0], changes.entries[:0] = held.revisions, held.entries
        changes.said |= held.said
        if changes.revisions and changes.revisions[-1][0] == last:
            row = changes.revisions.pop()
            number, place = row[1], (row[2], row[3])
            self._held.revisions, self._held.said = [row], {place: changes.said[place]}
            while changes.entries and changes.entries[-1][_EVENT_OF_ENTRY : _EVENT_OF_ENTRY + 2] == [last, number]:
                self._held.entries.append(changes.entries.pop())

    def _count(self, changes: Changes) -> None:
        for counts in changes.counts.values():
            for name in ("applied", "duplicate", "rejected", "parked"):
                setattr(self._counts, name, getattr(self._counts, name) + getattr(counts, name))
        for (_, pair), (events, last) in changes.pair_counts.items():
            before = self._pairs.get(pair, (0, 0))
            self._pairs[pair] = (before[0] + events, max(before[1], last))

    async def _finish(self) -> None:
        load, counts = self._load, self._counts
        pairs = [(load.partition, pair, *counted) for pair, counted in self._pairs.items()]
        await self._rows.copy("pair_counts", _PAIR_COUNT_COLUMNS, pairs)
        last: tuple[Any, ...] = (None, None, None, None)
        counts.gaps += load.end - (self._last.raw.offset + 1 if self._last is not None else 0)
        if self._last is not None:
            raw = self._last.raw
            last = (raw.offset, raw.timestamp, digest(raw), instant_of(self._last.recorded))
        await self._connection.execute(
            self._sql["finish"], load.partition, load.end, *last,
            *(counts.applied, counts.duplicate, counts.rejected, counts.parked, counts.gaps),
        )  # fmt: skip
        await self._connection.execute(self._sql["finish_documents"], load.partition, load.end)


def _bounded(events: Iterable[Sequence[Spilled]]) -> Iterator[tuple[list[Spilled], int]]:
    """The records of events in parts that decode to a bounded number of bytes, each with its size in bytes."""
    part: list[Spilled] = []
    size = 0
    for record in chain.from_iterable(events):
        part.append(record)
        size += len(record.raw.value or b"") + len(record.raw.key or b"")
        if len(part) >= _MOST_RECORDS or size >= _MOST_BYTES:
            yield part, size
            part, size = [], 0
    if part:
        yield part, size
