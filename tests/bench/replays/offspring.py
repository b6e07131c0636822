"""The processes that a process starts, watched while they run, since afterwards nothing is left to ask."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import psutil
from tests.bench.memory import peak_bytes
from tests.support.running.processes import Service

_LOOK_SECONDS: Final = 0.5  # what each has held at most is kept by the system: it is lost only with the last look


@dataclass(slots=True)
class Offspring:
    """The most memory that each process was seen to have held."""

    peaks: dict[int, int] = field(default_factory=dict)

    @property
    def worst_peak(self) -> int:
        """Bytes of the one that has held most."""
        return max(self.peaks.values(), default=0)

    def look(self, parent: psutil.Process) -> None:
        """Take note of those that there are now."""
        for child in parent.children():
            try:
                self.peaks[child.pid] = max(peak_bytes(child.pid), self.peaks.get(child.pid, 0))
            except psutil.Error:
                continue  # it has just ended


@asynccontextmanager
async def watched_offspring(service: Service) -> AsyncIterator[Offspring]:
    """Watch what a running process starts, twice a second, which takes next to nothing from it."""
    offspring, parent = Offspring(), psutil.Process(service.pid)

    async def watch() -> None:
        while True:
            offspring.look(parent)
            await asyncio.sleep(_LOOK_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield offspring
    finally:
        watching.cancel()
        await asyncio.wait([watching])
