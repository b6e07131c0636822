"""How far a replay is: counted here, written down twice a second."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

from timeline_service.adapters.postgres.replays import PostgresReplays
from timeline_service.domain.replays import PartitionProgress, Progress
from timeline_service.errors import UnavailableError
from timeline_service.replay.metrics import RECORDS

_WRITE_SECONDS: Final = 0.5
_RATE_SECONDS: Final = 10.0


class Mark(NamedTuple):
    """Progress over time: records done, by when."""

    at: float
    done: int


class Recorder:
    """The progress of one replay."""

    def __init__(self, replays: PostgresReplays, replay_id: UUID) -> None:
        self._replays = replays
        self._id = replay_id
        self._changed = asyncio.Event()
        self._marks: deque[Mark] = deque()
        self.progress = Progress()

    def phase(self, name: str) -> None:
        """Another phase begins."""
        self.progress.phase = name
        self._changed.set()

    def begin(self, done: Mapping[int, int], totals: Mapping[int, int]) -> None:
        """So many records of each partition are to be replayed, of which some are done."""
        self.progress.partitions = {
            partition: PartitionProgress(done.get(partition, 0), total) for partition, total in totals.items()
        }
        self._marks.clear()
        self._changed.set()

    def tell(self, partition: int, records: int, size: int) -> None:
        """So many more records, of so many bytes, of a partition are done."""
        RECORDS.inc(records)
        part = self.progress.partitions[partition]
        part.records, part.bytes = part.records + records, part.bytes + size
        self._changed.set()

    async def write(self) -> None:
        """Write it down now."""
        self._estimate()
        await self._replays.note_progress(self._id, self.progress.view())

    async def run(self) -> None:
        """Write down what changes, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            with suppress(UnavailableError):  # the replay itself will say so
                await self.write()
            await asyncio.sleep(_WRITE_SECONDS)

    def _estimate(self) -> None:
        """The rate of the last ten seconds, and what it makes of the rest."""
        done = sum(part.records for part in self.progress.partitions.values())
        total = sum(part.total for part in self.progress.partitions.values())
        now = time.monotonic()
        self._marks.append(Mark(now, done))
        while now - self._marks[0].at > _RATE_SECONDS:
            self._marks.popleft()
        since, before = self._marks[0]
        seconds = now - since
        self.progress.rate = round((done - before) / seconds, 1) if seconds and done > before else None
        left = total - done
        self.progress.seconds_left = round(left / self.progress.rate, 1) if self.progress.rate else None
        if left <= 0:
            self.progress.rate = self.progress.seconds_left = None
