"""A worker of the replayer, `python -m timeline_service.replay.loading.worker`: loads the partitions that it is given.

Lines of JSON come in, one for each partition, and go out: how far it is, and that it is done. It ends with its input,
so it does not outlive a replayer that was killed.
"""

import asyncio
import gc
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import uvloop

from timeline_service.adapters.kafka.scan import open_scan
from timeline_service.adapters.postgres.loading import connect_to_load
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.judge.arrivals import RawRecord
from timeline_service.replay.archive import Archive
from timeline_service.replay.loading.partition_fold import Load, Source, load_partition
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.loading import Connection

#: How much less urgent than the service's other processes a replay is (nice(2)).
NICENESS: Final = 10


@dataclass(frozen=True, slots=True)
class Job:
    """A partition to load, from Kafka or, where there is one, from an archive."""

    load: Load
    archive: str | None = None

    def written(self) -> bytes:
        """As a line for a worker."""
        return orjson.dumps(asdict(self)) + b"\n"

    @classmethod
    def read(cls, line: bytes) -> "Job":
        """What `written` has written."""
        job = orjson.loads(line)
        return cls(Load(**job.pop("load")), **job)


def main() -> None:
    """Work until the input ends."""
    os.nice(NICENESS)
    settings = Settings()  # the replayer has read the same
    gc.freeze()
    gc.set_threshold(1_000_000)  # what a batch is made of goes with it
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    jobs: asyncio.Queue[Job] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def listen() -> None:
        for line in sys.stdin.buffer:
            loop.call_soon_threadsafe(jobs.put_nowait, Job.read(line))
        os._exit(0)  # whatever was under way is rolled back

    threading.Thread(target=listen, daemon=True).start()
    try:
        connection = await connect_to_load(settings.database_url.get_secret_value())
        while True:
            await _load(settings, connection, await jobs.get())
    except UnavailableError as error:
        _say(unavailable=str(error))
    except HaltError as error:
        _say(halted=str(error))
    except Exception as error:  # a bug: the replay fails, and says so
        traceback.print_exc()
        _say(failed=f"{type(error).__name__}: {error}")
    await loop.create_future()  # whoever reads what was said ends this process, or its input


async def _load(settings: Settings, connection: "Connection", job: Job) -> None:
    def tell(records: int, size: int) -> None:
        _say(partition=load.partition, records=records, bytes=size)

    load = job.load
    if job.archive is not None:
        archive = _open(job.archive)
        await load_partition(connection, load, _archived(archive.records(load.partition)), tell)
    else:  # a consumer of its own: one that has come to an end first waits there for more
        async with open_scan(settings.kafka_bootstrap_servers, settings.topic, settings.stall_seconds) as scan:
            await load_partition(connection, load, scan.read(load.partition, 0, load.end), tell)
    _say(done=load.partition)


async def _archived(batches: Iterator[list[tuple[RawRecord, int]]]) -> Source:
    for batch in batches:
        yield [raw for raw, _ in batch]


@cache
def _open(path: str) -> Archive:
    """Looked through once, however many partitions are loaded from it."""
    return Archive(Path(path))


def _say(**words: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(words) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
