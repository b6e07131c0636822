"""The workers of a replay: processes that load one partition after the other."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import orjson

from timeline_service.errors import HaltError, StuckError, UnavailableError
from timeline_service.replay.loading.partition_load import PartitionLoad
from timeline_service.settings import Settings

#: Told of a partition, and of records and bytes of it that were replayed.
Tell = Callable[[int, int, int], None]
_LINE_BYTES: Final = 1024 * 1024
_Worker = tuple[asyncio.StreamWriter, asyncio.StreamReader]


class Workers:
    """Workers that are started, or about to be, and wait for something to load."""

    def __init__(self, workers: Sequence[_Worker]) -> None:
        self._workers = workers

    async def load(self, loads: Sequence[PartitionLoad], tell: Tell) -> None:
        """Load partitions, the largest first.

        Raises UnavailableError where something is away, StuckError where a worker was killed, HaltError where the log
        cannot be replayed. What was loaded by then stays, and is not loaded again.
        """
        waiting = sorted(loads, key=lambda load: load.end)
        tasks = [asyncio.create_task(_work(worker, waiting, tell)) for worker in self._workers]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def start_workers(settings: Settings, count: int, export: Path | None = None) -> AsyncIterator[Workers]:
    """So many workers, which are killed at the end. They take a quarter of a second to be ready.

    They read the log from Kafka, or from an export of it.
    """
    async with AsyncExitStack() as stack:
        yield Workers([await stack.enter_async_context(_worker(settings, export)) for _ in range(count)])


def cores(most: int) -> int:
    """How many cores there are, but for those beyond `most`, which would find nothing to load."""
    return min(os.cpu_count() or 1, most)


async def _work(worker: _Worker, waiting: list[PartitionLoad], tell: Tell) -> None:
    stdin, stdout = worker
    while waiting:
        load = waiting.pop()
        if not stdin.is_closing():  # else it is over already, and what it has said is still to be read
            stdin.write(load.written())
        while True:
            if not (line := await stdout.readline()):
                raise StuckError("a worker of the replay was killed, perhaps for want of memory: see the system's log")
            said = orjson.loads(line)
            if "partition" in said:
                tell(said["partition"], said["records"], said["bytes"])
            elif "done" in said:
                break
            elif "halted" in said:
                raise HaltError(said["halted"])
            elif "failed" in said:
                raise RuntimeError(said["failed"])
            else:
                raise UnavailableError(said["unavailable"])


@asynccontextmanager
async def _worker(settings: Settings, export: Path | None) -> AsyncIterator[_Worker]:
    arguments = [str(export)] if export is not None else []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "timeline_service.replay.loading.worker", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
        env=_environment(settings),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdin, process.stdout
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _environment(settings: Settings) -> Mapping[str, str]:
    """Ours, with what was read from files by their names: these may have other contents by now."""
    ours = {
        **settings.kafka.variables(),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "TIMELINE_TOPIC": settings.topic,
    }
    return {name: text for name, text in os.environ.items() if name.removesuffix("_FILE") not in ours} | ours
