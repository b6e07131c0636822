"""A worker of the replayer, `python -m timeline_service.replay.loading.worker`: loads partitions that it is given.

It reads them from Kafka or, where that is named, from an export: `… worker EXPORT`. Lines of JSON come in, one for each
partition, and go out: how far it is, and that it is done. It ends with its input, so it does not outlive a replayer
that was killed.
"""

import asyncio
import gc
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import uvloop

from timeline_service.adapters.postgres.loading import connect_to_load
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.replay.loading.partition_load import PartitionLoad, load_partition
from timeline_service.replay.loading.sources import ArchiveSource, KafkaSource, Source
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.loading import Connection

#: How much less urgent than the service's other processes a replay is (nice(2)).
NICENESS: Final = 10


def main() -> None:
    """Work until the input ends."""
    os.nice(NICENESS)
    settings = Settings()  # the replayer has read the same
    gc.freeze()
    gc.set_threshold(1_000_000)  # what a batch is made of goes with it
    source = ArchiveSource(Path(sys.argv[1])) if len(sys.argv) > 1 else KafkaSource(settings)
    uvloop.run(_work(settings.database_url.get_secret_value(), source))


async def _work(database_url: str, source: Source) -> None:
    loads: asyncio.Queue[PartitionLoad] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def listen() -> None:
        for line in sys.stdin.buffer:
            loop.call_soon_threadsafe(loads.put_nowait, PartitionLoad.read(line))
        os._exit(0)  # whatever was under way is rolled back

    threading.Thread(target=listen, daemon=True).start()
    try:
        connection = await connect_to_load(database_url)
        while True:
            await _load(connection, await loads.get(), source)
    except UnavailableError as error:
        _say(unavailable=str(error))
    except HaltError as error:
        _say(halted=str(error))
    except Exception as error:  # a bug: the replay fails, and says so
        traceback.print_exc()
        _say(failed=f"{type(error).__name__}: {error}")
    await loop.create_future()  # whoever reads what was said ends this process, or its input


async def _load(connection: "Connection", load: PartitionLoad, source: Source) -> None:
    def tell(records: int, size: int) -> None:
        _say(partition=load.partition, records=records, bytes=size)

    async with source.records(load) as records:
        await load_partition(connection, load, records, tell)
    _say(done=load.partition)


def _say(**words: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(words) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
