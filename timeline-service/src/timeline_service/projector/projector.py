"""The projector: reads the log, judges each record in its order, and writes the projection exactly once."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from service_edge.topic_check import KafkaTopic
from timeline_service.adapters.kafka.reader import KafkaReader
from timeline_service.adapters.postgres.projection import Advance, PostgresProjection
from timeline_service.adapters.postgres.redrives import PostgresRedrives
from timeline_service.adapters.postgres.search_documents import PostgresDocuments
from timeline_service.domain.record_digests import digest
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import HaltError
from timeline_service.judge.batch import RowChanges, bounded, fold_batch
from timeline_service.judge.breaker import WINDOW
from timeline_service.judge.decoding import DecodedRecord
from timeline_service.judge.trusted_keys import TrustedKeys
from timeline_service.projector.failing import FailingPartitions
from timeline_service.projector.idle import IdleWatch
from timeline_service.projector.intake import Batch, Intake
from timeline_service.projector.log_guard import LogGuard
from timeline_service.projector.metrics import BATCH_SECONDS, LAG, PARTITIONS, STOPPED, count_records
from timeline_service.projector.ownership import Ownership
from timeline_service.projector.redriver import Redriver
from timeline_service.projector.search_feed import SearchFeed
from timeline_service.projector.spans import projecting_spans

_LOG: Final = structlog.get_logger()
_REPORT_SECONDS: Final = 2.0


class Projector:
    """Projects the partitions that the group gives it, until told to stop.

    Raises HaltError where going on could lose or invent history, FencedError when it finds another owner, or its
    generation replaced, and UnavailableError when Kafka or PostgreSQL is away; the last two call for a new Projector.
    It projects the live generation only, unless `only_live` says that another one is meant. With `until`, a vector that
    no checkpoint is beyond, it stops when all partitions stand exactly there: it has to be alone in its group.
    `begun` is called whenever it has taken its partitions over.
    """

    def __init__(
        self,
        reader: KafkaReader,
        projection: PostgresProjection,
        redrives: PostgresRedrives,
        documents: PostgresDocuments,
        topic: KafkaTopic,
        *,
        guard: LogGuard,
        owner: str,
        batch_records: int,
        stall_seconds: float,
        code_version: str,
        trusted: TrustedKeys | None = None,
        begun: Callable[[], None] = lambda: None,
        only_live: bool = True,
        until: OffsetVector | None = None,
    ) -> None:
        self._reader = reader
        self._projection = projection
        self._guard = guard
        self._batch_records = batch_records
        self._code_version = code_version
        self._until = until
        self._begun = begun
        self._ownership = Ownership(projection, topic, owner, only_live=only_live)
        self._intake = Intake(reader, topic.partitions, until, batch_records, trusted)
        self._idle = IdleWatch(reader, self._intake, self._ownership, until=until, stall_seconds=stall_seconds)
        self._redriver = Redriver(
            redrives,
            projection,
            self._ownership,
            partitions=topic.partitions,
            code_version=code_version,
            trusted=trusted,
        )
        self._search = SearchFeed(documents, lambda: self._ownership.checkpoints)
        self._failing = FailingPartitions({})
        self._reported = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Project. The next batch is read and decoded while this one is written."""
        following: asyncio.Task[Batch] | None = None
        feeding = asyncio.create_task(self._search.run())
        guarding = asyncio.create_task(self._guard.run(lambda: self._ownership.checkpoints))
        try:
            while not stop.is_set():
                if not self._intake.is_current:
                    if following is not None:  # it must not swallow what is read from the new beginning on
                        await following
                        following = None
                    await self._take_over()
                    continue  # it may have been rebalanced again meanwhile
                if not await self._redriver.redrive() and self._is_level():
                    break
                batch = await (following or self._intake.read())
                following = None
                for task in (feeding, guarding):
                    if task.done():
                        task.result()  # a finding, or a bug: it ends the projector, as everywhere else
                if batch.assignment != self._intake.assignment:
                    continue  # read under an assignment that is over: it is read again
                if batch.decoded_records:
                    following = asyncio.create_task(self._intake.read())
                    with BATCH_SECONDS.time():
                        await self._project(batch.decoded_records)
                    self._search.projected(catching_up=len(batch.decoded_records) > self._batch_records // 2)
                else:
                    self._search.projected(catching_up=False)
                    await self._idle.attend(stop)
                await self._report()
        except HaltError as error:
            await self._ownership.leave_word(str(error))
            raise
        finally:
            running = [task for task in (feeding, guarding, following) if task is not None]
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _take_over(self) -> None:
        assignment = self._reader.assignment
        await self._ownership.take_over(self._reader.partitions())
        checkpoints = self._ownership.checkpoints
        failing = await self._projection.last_failing(checkpoints, WINDOW)
        await self._guard.check(checkpoints.values(), reread=False)  # the reader itself reads again
        if self._reader.assignment != assignment:
            return  # rebalanced again meanwhile: once more
        self._failing = FailingPartitions(failing)
        self._idle.progressed()
        self._intake.begin(assignment, checkpoints)
        PARTITIONS.set(len(checkpoints))
        STOPPED.set(0)
        LAG.clear()
        self._begun()
        _LOG.info("projecting", partitions=",".join(map(str, checkpoints)), generation=self._projection.generation)

    def _is_level(self) -> bool:
        return self._until is not None and self._ownership.stands_at(self._until)

    async def _project(self, decoded_records: Sequence[DecodedRecord]) -> None:
        for part in bounded(decoded_records):
            await self._project_part(part)

    async def _project_part(self, decoded_records: Sequence[DecodedRecord]) -> None:
        stopped = self._ownership.stopped  # some by the part before
        part = [item for item in decoded_records if item.position.partition not in stopped]
        if not part:
            return
        with projecting_spans(part) as traces:
            await self._write_part(part, traces)

    async def _write_part(self, part: Sequence[DecodedRecord], traces: Mapping[str, str]) -> None:
        changes = await self._fold(part)
        if await self._stop_failing(part, changes):
            return await self._project_part(part)  # the partitions that still go on
        last = {item.position.partition: item for item in part}
        advances = {partition: _advance(item) for partition, item in last.items()}
        await self._ownership.write(advances, changes, traces)
        count_records(changes.counts)
        _LOG.info("projected", position=_reach(part), records=len(part))
        self._idle.progressed()

    async def _fold(self, part: Sequence[DecodedRecord]) -> RowChanges:
        event_ids = {item.event_id for item in part if item.event_id is not None}
        changed = {item.record.event_id for item in part if item.record and item.record.may_change}
        parked = any(held.parked for held in self._ownership.checkpoints.values())
        known = await self._projection.load(event_ids, changed, parked=parked)
        return fold_batch(part, known, self._code_version)

    async def _stop_failing(self, part: Sequence[DecodedRecord], changes: RowChanges) -> bool:
        """Stop the partitions of which nearly everything would park; returns whether there are any.

        With `until` none is stopped: who asks for that follows a projection that went on, and compares the two.
        """
        if self._until is not None:
            return False
        failing = self._failing.find(part, changes)
        for partition, reason in failing.items():
            STOPPED.inc()
            _LOG.critical("partition stopped", partition=partition, reason=reason)
            self._reader.pause(partition)
            await self._ownership.stop(partition, reason)
        return bool(failing)

    async def _report(self) -> None:
        if time.monotonic() - self._reported > _REPORT_SECONDS and self._ownership.checkpoints:
            self._reported = time.monotonic()
            for partition, end in self._reader.ends().items():
                if (held := self._ownership.checkpoints.get(partition)) is not None:
                    LAG.labels(partition).set(max(0, end - held.next_offset))
            await self._reader.report({p: held.next_offset for p, held in self._ownership.checkpoints.items()})


def _advance(decoded: DecodedRecord) -> Advance:
    raw = decoded.raw
    return Advance(raw.offset, raw.timestamp, digest(raw), decoded.position.recorded_at)


def _reach(part: Sequence[DecodedRecord]) -> str:
    """The first and last offset of each partition of which there are records."""
    spans: dict[int, tuple[int, int]] = {}
    for item in part:
        partition, offset, _ = item.position
        spans[partition] = (spans.get(partition, (offset, 0))[0], offset)
    return ",".join(f"{partition}:{first}-{last}" for partition, (first, last) in spans.items())
