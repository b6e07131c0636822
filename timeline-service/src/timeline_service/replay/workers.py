"""The workers of a replay: as many processes as there are cores, each loading one partition after the other."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import orjson

from timeline_service.errors import HaltError, StuckError, UnavailableError
from timeline_service.replay.worker import Job
from timeline_service.settings import Settings

#: Told of a partition, and of records and bytes of it that were replayed.
Tell = Callable[[int, int, int], None]
_LINE_BYTES: Final = 1024 * 1024


async def load_all(settings: Settings, jobs: Sequence[Job], tell: Tell, *, processes: int | None) -> None:
    """Load partitions, the largest first, with so many processes.

    Raises UnavailableError where something is away, StuckError where a worker was killed, HaltError where the log
    cannot be replayed. What was loaded by then stays, and is not loaded again.
    """
    waiting = sorted(jobs, key=lambda job: job.load.end)
    count = min(processes or os.cpu_count() or 1, len(jobs))
    tasks = [asyncio.create_task(_work(settings, waiting, tell)) for _ in range(count)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _work(settings: Settings, waiting: list[Job], tell: Tell) -> None:
    async with _worker(settings) as (stdin, stdout):
        while waiting:
            stdin.write(waiting.pop().written())
            while True:
                if not (line := await stdout.readline()):
                    raise StuckError(
                        "a worker of the replay was killed, perhaps for want of memory: see the system's log"
                    )
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
async def _worker(settings: Settings) -> AsyncIterator[tuple[asyncio.StreamWriter, asyncio.StreamReader]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "timeline_service.replay.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
        env={**os.environ, **_environment(settings)},
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
    return {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "TIMELINE_TOPIC": settings.topic,
    }
