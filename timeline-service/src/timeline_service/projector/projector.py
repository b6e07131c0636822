"""The projector: reads the log, judges each record in its order, and writes the projection exactly once."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import structlog

from service_edge.topic_check import Topic
from timeline_service.adapters.kafka.reader import KafkaReader
from timeline_service.adapters.postgres.documents import PostgresDocuments
from timeline_service.adapters.postgres.projection import Advance, Checkpoint, PostgresProjection
from timeline_service.adapters.postgres.redrives import PostgresRedrives
from timeline_service.domain.vectors import Vector
from timeline_service.errors import FencedError, HaltError, UnavailableError
from timeline_service.judge.arrivals import Arrival, read_arrivals
from timeline_service.judge.batch import BEHIND, Changes, bounded, fold_batch
from timeline_service.judge.breaker import WINDOW, Breaker
from timeline_service.projector.intake import Batch, Intake
from timeline_service.projector.log_guard import LogGuard
from timeline_service.projector.same_log import digest
from timeline_service.projector.search_feed import SearchFeed

_LOG: Final = structlog.get_logger()
_REPORT_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 2.0


class Projector:
    """Projects the partitions that the group gives it, until told to stop.

    Raises HaltError where going on could lose or invent history, FencedError when it finds another owner, or its
    generation replaced, and UnavailableError when Kafka or PostgreSQL is away; the last two call for a new Projector.
    It projects the live generation only, unless `only_live` says that another one is meant. With `until`, a vector that
    no checkpoint is beyond, it stops when all partitions stand exactly there: it has to be alone in its group.
    """

    def __init__(
        self,
        reader: KafkaReader,
        projection: PostgresProjection,
        redrives: PostgresRedrives,
        documents: PostgresDocuments,
        topic: Topic,
        *,
        guard: LogGuard,
        owner: str,
        batch_records: int,
        stall_seconds: float,
        code_version: str,
        only_live: bool = True,
        until: Vector | None = None,
    ) -> None:
        self._reader = reader
        self._projection = projection
        self._redrives = redrives
        self._search = SearchFeed(documents, lambda: self._checkpoints)
        self._code_version = code_version
        self._topic = topic
        self._guard = guard
        self._only_live = only_live
        self._until = until
        self._owner = owner
        self._batch_records = batch_records
        self._stall_seconds = stall_seconds
        self._intake = Intake(reader, topic.partitions, until, batch_records)
        self._checkpoints: dict[int, Checkpoint] = {}
        self._breaker = Breaker({})
        self._stopped: set[int] = set()
        self._reported = 0.0
        self._looked = 0.0
        self._looking: asyncio.Task[tuple[dict[int, Checkpoint], bool]] | None = None
        self._progressed = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Project. The next batch is read and decoded while this one is written."""
        following: asyncio.Task[Batch] | None = None
        feeding = asyncio.create_task(self._search.run())
        guarding = asyncio.create_task(self._guard.run(lambda: self._checkpoints))
        try:
            while not stop.is_set():
                if not self._intake.is_current:
                    if following is not None:  # it must not swallow what is read from the new beginning on
                        await following
                        following = None
                    await self._take_over()
                    continue  # it may have been rebalanced again meanwhile
                if not await self._redrive() and self._is_level():
                    break
                batch = await (following or self._intake.read())
                following = None
                for task in (feeding, guarding):
                    if task.done():
                        task.result()  # a finding, or a bug: it ends the projector, as everywhere else
                if batch.assignment != self._intake.assignment:
                    continue  # read under an assignment that is over: it is read again
                if batch.arrivals:
                    following = asyncio.create_task(self._intake.read())
                    await self._project(batch.arrivals)
                    self._search.projected(catching_up=len(batch.arrivals) > self._batch_records // 2)
                else:
                    self._search.projected(catching_up=False)
                    await self._pass_markers()
                    await self._name_cluster()
                    await self._notice_fence(stop)
                    await self._notice_stall()
                await self._report()
        except HaltError as error:
            await self._leave_word(str(error))
            raise
        finally:
            running = [task for task in (feeding, guarding, following, self._looking) if task is not None]
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _take_over(self) -> None:
        assignment = self._reader.assignment
        partitions = self._reader.partitions()
        checkpoints = await self._projection.take_over(
            partitions,
            self._owner,
            self._topic.cluster_id,
            self._topic.partitions,
            only_live=self._only_live,
        )
        self._checkpoints = checkpoints
        failing = await self._projection.last_failing(checkpoints, WINDOW)
        await self._guard.check(checkpoints.values(), reread=False)  # the reader itself reads again
        if self._reader.assignment != assignment:
            return  # rebalanced again meanwhile: once more
        self._breaker, self._stopped = Breaker(failing), set()
        self._looked, self._progressed = 0.0, time.monotonic()
        self._intake.begin(assignment, checkpoints)
        _LOG.info("projecting", partitions=",".join(map(str, checkpoints)), generation=self._projection.generation)

    def _is_level(self) -> bool:
        if self._until is None or len(self._checkpoints) < len(self._until):
            return False
        return all(held.next_offset == self._until[partition] for partition, held in self._checkpoints.items())

    async def _project(self, arrivals: Sequence[Arrival]) -> None:
        for part in bounded(arrivals):
            await self._project_part(part)

    async def _project_part(self, arrivals: Sequence[Arrival]) -> None:
        part = [item for item in arrivals if item.place.partition not in self._stopped]  # some by the part before
        if not part:
            return
        event_ids = {item.event_id for item in part if item.event_id is not None}
        changed = {item.record.event_id for item in part if item.record and item.record.action != "recorded"}
        parked = any(checkpoint.parked for checkpoint in self._checkpoints.values())
        known = await self._projection.load(event_ids, changed, parked=parked)
        changes = fold_batch(part, known, self._code_version)
        if await self._stop_failing(part, changes):
            return await self._project_part(part)  # the partitions that still go on
        last = {item.place.partition: item for item in part}
        advances = {partition: _advance(item) for partition, item in last.items()}
        self._checkpoints |= await self._projection.write(self._checkpoints, advances, changes)
        self._progressed = time.monotonic()

    async def _stop_failing(self, part: Sequence[Arrival], changes: Changes) -> bool:
        """Stop the partitions of which nearly everything would park; returns whether there are any.

        With `until` none is stopped: who asks for that follows a projection that went on, and compares the two.
        """
        if self._until is not None:
            return False
        reasons = {
            (row.partition, row.offset): row.detail
            for row in changes.outcomes
            if row.outcome == "parked" and row.problem != BEHIND
        }
        failing: dict[int, list[bool]] = {}
        for item in part:
            failing.setdefault(item.place.partition, []).append((item.place.partition, item.place.offset) in reasons)
        tripped = [partition for partition, flags in failing.items() if self._breaker.trips(partition, flags)]
        for partition in tripped:
            reason = next(words for place, words in reasons.items() if place[0] == partition)
            words = f"nearly no record can be judged by this code ({reason}): update or mend it, and start it again"
            _LOG.critical("partition stopped", partition=partition, reason=words)
            self._reader.pause(partition)
            self._stopped.add(partition)
            await self._projection.stop(self._checkpoints[partition], words)
        if not tripped:
            for partition, flags in failing.items():
                self._breaker.note(partition, flags)
        return bool(tripped)

    async def _pass_markers(self) -> None:
        """Nothing is left to project: let the checkpoint pass the markers of transactions, which are no records."""
        for partition, held in list(self._checkpoints.items()):
            if partition not in self._stopped | self._intake.unproven():
                position = await self._reader.position(partition)
                if position is not None and self._until is not None:
                    position = min(position, self._until[partition])
                if position is not None and position > held.next_offset and self._intake.is_current:
                    gap = self._intake.pass_gap(partition, position)
                    self._checkpoints[partition] = await self._projection.pass_markers(held, position, gap)

    async def _name_cluster(self) -> None:
        """What was made from an archive names no cluster: it is this one, once all last records were found in it."""
        for partition, held in list(self._checkpoints.items()):
            if not held.cluster_id and not self._intake.unproven() and self._intake.is_current:
                self._checkpoints[partition] = await self._projection.name_cluster(held, self._topic.cluster_id)

    async def _redrive(self) -> bool:
        """Judge again what somebody asked for, or other code has parked: an event's records, oldest first.

        Whether there was any.
        """
        parking = [p for p, held in self._checkpoints.items() if held.parked and p not in self._stopped]
        found = await self._redrives.find(parking, self._code_version) if parking else []
        for parked in found:
            records = await self._redrives.load(parked)
            arrivals = read_arrivals(records, self._topic.partitions)
            events = [parked.event_id] if parked.event_id is not None else []
            known = await self._projection.load(events, events, parked=False)
            changes = fold_batch(arrivals, known, self._code_version)
            offsets = [raw.offset for raw, _ in records]
            held = self._checkpoints[parked.partition]
            self._checkpoints[parked.partition] = await self._redrives.replace(held, offsets, changes)
        return bool(found)

    async def _report(self) -> None:
        if time.monotonic() - self._reported > _REPORT_SECONDS and self._checkpoints:
            self._reported = time.monotonic()
            await self._reader.report({p: item.next_offset for p, item in self._checkpoints.items()})

    async def _notice_fence(self, stop: asyncio.Event) -> None:
        """Only a write finds the fence, and there is none: see whether the checkpoints are as we have left them.

        That also shows what a crash of the database has lost, which is read again, and what somebody has changed.
        A database that hangs keeps nobody from stopping.
        """
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        self._looking = asyncio.create_task(self._look())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({self._looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not self._looking.done():
            return
        stored, live = self._looking.result()
        if not self._intake.is_current:
            return
        if self._only_live and not live:
            raise FencedError(f"generation {self._projection.generation} is no longer the live one")
        if lost := [partition for partition, held in self._checkpoints.items() if stored.get(partition) != held]:
            raise FencedError(f"another projector has taken over partitions {lost}, or their checkpoints were changed")

    async def _look(self) -> tuple[dict[int, Checkpoint], bool]:
        return await self._projection.checkpoints(), await self._projection.is_live()

    async def _leave_word(self, reason: str) -> None:
        """Say in our checkpoints why they go no further."""
        for held in self._checkpoints.values():
            try:
                await self._projection.stop(held, reason)
            except FencedError:
                continue  # its new owner will say
            except UnavailableError as error:
                _LOG.warning("the reason is not in the checkpoints", why=str(error))
                return

    async def _notice_stall(self) -> None:
        """A consumer that has stopped fetching says nothing (aiokafka 625, 1037): compare with the log's ends."""
        if not self._checkpoints or time.monotonic() - self._progressed < self._stall_seconds:
            return
        bounds = await self._reader.bounds(self._checkpoints)
        self._progressed = time.monotonic()
        behind = [
            p for p, item in self._checkpoints.items() if item.next_offset < bounds[p][1] and p not in self._stopped
        ]
        if behind and self._intake.is_current:
            raise UnavailableError(
                f"no records of partitions {behind} for {self._stall_seconds:g} s, though there are some"
            )


def _advance(arrival: Arrival) -> Advance:
    raw = arrival.raw
    return Advance(raw.offset, raw.timestamp, digest(raw), arrival.place.recorded_at)
