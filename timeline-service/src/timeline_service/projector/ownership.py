"""What a projector owns: partitions, each with a checkpoint that nobody else may move while it is ours."""

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Final

import structlog

from service_edge.topic_check import KafkaTopic
from timeline_service.adapters.postgres.projection import Advance, Checkpoint, PostgresProjection
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import FencedError, UnavailableError
from timeline_service.judge.batch import RowChanges

_LOG: Final = structlog.get_logger()
_LOOK_SECONDS: Final = 2.0
_UNTRACED: Final[Mapping[str, str]] = {}


class Ownership:
    """The checkpoints of one generation's partitions as their `owner` has left them, and which it has stopped.

    All that writes raises FencedError where another has taken over, and UnavailableError.
    """

    def __init__(self, projection: PostgresProjection, topic: KafkaTopic, owner: str, *, only_live: bool) -> None:
        self.checkpoints: dict[int, Checkpoint] = {}
        self.stopped: set[int] = set()
        self._projection = projection
        self._topic = topic
        self._owner = owner
        self._only_live = only_live
        self._looked = 0.0

    @property
    def parking(self) -> list[int]:
        """The partitions that have parked records, and are not stopped."""
        return [p for p, held in self.checkpoints.items() if held.parked and p not in self.stopped]

    def stands_at(self, vector: OffsetVector) -> bool:
        """Whether all partitions of a vector are ours, and exactly there."""
        if len(self.checkpoints) < len(vector):
            return False
        return all(held.next_offset == vector[partition] for partition, held in self.checkpoints.items())

    async def take_over(self, partitions: Collection[int]) -> None:
        """Own these partitions instead of those before; whoever owned them finds itself fenced."""
        self.checkpoints = await self._projection.take_over(
            partitions, self._owner, self._topic.cluster_id, self._topic.partitions, only_live=self._only_live
        )
        self.stopped, self._looked = set(), 0.0

    async def write(
        self, advances: Mapping[int, Advance], changes: RowChanges, traces: Mapping[str, str] = _UNTRACED
    ) -> None:
        """Write a batch, and with it how far it takes its partitions."""
        self.checkpoints |= await self._projection.write(self.checkpoints, advances, changes, traces)

    async def pass_markers(self, partition: int, position: int, gap: int) -> None:
        """Move a checkpoint past so many offsets that hold no record."""
        self.checkpoints[partition] = await self._projection.pass_markers(self.checkpoints[partition], position, gap)

    async def name_cluster(self, partition: int) -> None:
        """Say in a checkpoint that names no cluster that the log is this one's."""
        self.checkpoints[partition] = await self._projection.name_cluster(
            self.checkpoints[partition], self._topic.cluster_id
        )

    async def stop(self, partition: int, reason: str) -> None:
        """Go no further in a partition, and say why in its checkpoint."""
        self.stopped.add(partition)
        await self._projection.stop(self.checkpoints[partition], reason)

    async def leave_word(self, reason: str) -> None:
        """Say in all checkpoints why they go no further."""
        for held in self.checkpoints.values():
            try:
                await self._projection.stop(held, reason)
            except FencedError:
                continue  # its new owner will say
            except UnavailableError as error:
                _LOG.warning("the reason is not in the checkpoints", why=str(error))
                return

    async def find_loss(self, stop: asyncio.Event) -> str | None:
        """Look, now and then, whether the checkpoints are as we have left them; returns what is wrong, if anything.

        Only a write finds the fence, and there may be none for long. It also shows what a crash of the database has
        lost, which is read again, and what somebody has changed. A database that hangs keeps nobody from stopping.
        """
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return None
        self._looked = time.monotonic()
        looking = asyncio.create_task(self._look())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return self._loss(*looking.result()) if looking.done() else None
        finally:
            looking.cancel()
            stopping.cancel()
            await asyncio.gather(looking, stopping, return_exceptions=True)

    async def _look(self) -> tuple[dict[int, Checkpoint], bool]:
        return await self._projection.checkpoints(), await self._projection.is_live()

    def _loss(self, stored: Mapping[int, Checkpoint], live: bool) -> str | None:
        if self._only_live and not live:
            return f"generation {self._projection.generation} is no longer the live one"
        if lost := [partition for partition, held in self.checkpoints.items() if stored.get(partition) != held]:
            return f"another projector has taken over partitions {lost}, or their checkpoints were changed"
        return None
