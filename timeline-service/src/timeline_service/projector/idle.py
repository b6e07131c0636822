"""What a projector sees to while nothing is left to read: that is when it would not notice by itself."""

import asyncio
import time

from timeline_service.adapters.kafka.reader import KafkaReader
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import FencedError, UnavailableError
from timeline_service.projector.intake import Intake
from timeline_service.projector.ownership import Ownership


class IdleWatch:
    """Passes markers, names the cluster, and notices a loss of ownership or a reader that has stalled."""

    def __init__(
        self,
        reader: KafkaReader,
        intake: Intake,
        ownership: Ownership,
        *,
        until: OffsetVector | None,
        stall_seconds: float,
    ) -> None:
        self._reader = reader
        self._intake = intake
        self._ownership = ownership
        self._until = until
        self._stall_seconds = stall_seconds
        self._progressed = time.monotonic()

    def progressed(self) -> None:
        """The projector has taken over, or written something."""
        self._progressed = time.monotonic()

    async def attend(self, stop: asyncio.Event) -> None:
        """Do it all once. Raises FencedError, HaltError and UnavailableError."""
        await self._pass_markers()
        await self._name_cluster()
        await self._notice_loss(stop)
        await self._notice_stall()

    async def _pass_markers(self) -> None:
        """Let the checkpoints pass the markers of transactions, which are no records."""
        for partition, held in list(self._ownership.checkpoints.items()):
            if partition not in self._ownership.stopped | self._intake.unproven():
                position = await self._reader.position(partition)
                if position is not None and self._until is not None:
                    position = min(position, self._until[partition])
                if position is not None and position > held.next_offset and self._intake.is_current:
                    gap = self._intake.pass_gap(partition, position)
                    await self._ownership.pass_markers(partition, position, gap)

    async def _name_cluster(self) -> None:
        """What was made from an archive names no cluster: it is this one, once all last records were found in it."""
        for partition, held in list(self._ownership.checkpoints.items()):
            if not held.cluster_id and not self._intake.unproven() and self._intake.is_current:
                await self._ownership.name_cluster(partition)

    async def _notice_loss(self, stop: asyncio.Event) -> None:
        loss = await self._ownership.find_loss(stop)
        if loss is not None and self._intake.is_current:  # else they went to others as they should
            raise FencedError(loss)

    async def _notice_stall(self) -> None:
        """A consumer that has stopped fetching says nothing (aiokafka 625, 1037): compare with the log's ends."""
        checkpoints, stopped = self._ownership.checkpoints, self._ownership.stopped
        if not checkpoints or time.monotonic() - self._progressed < self._stall_seconds:
            return
        bounds = await self._reader.bounds(checkpoints)
        self._progressed = time.monotonic()
        behind = [p for p, held in checkpoints.items() if held.next_offset < bounds[p][1] and p not in stopped]
        if behind and self._intake.is_current:
            raise UnavailableError(
                f"no records of partitions {behind} for {self._stall_seconds:g} s, though there are some"
            )
