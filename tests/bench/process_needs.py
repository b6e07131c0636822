"""What each process needs under a full load, from which deploy/'s requests and limits are made.

python -m tests.bench.process_needs (BENCH_EVENTS=100000). One process works at a time, and has the machine to itself.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import asyncpg
import httpx
import psutil
import uvloop
from rich.console import Console
from rich.table import Table
from tests.bench.ingest_figures import post_bulk
from tests.bench.own_services import own_services
from tests.bench.processor import cpu_seconds
from tests.bench.replays.replay_runs import run_replay
from tests.support.running.engines import shared_engines
from tests.support.running.processes import Service, Services
from tests.support.running.session_folder import close_session_folder, open_session_folder
from tests.support.waiting import wait_until

_LOOK_SECONDS: Final = 0.2
_BODIES: Final = 4
_READERS: Final = 8
_READING_SECONDS: Final = 20.0
_READS: Final = (
    "/v1/timelines/{pair}",
    "/timelines/{pair}",
    "/v1/timelines/{pair}/summary",
    "/v1/events?q=accord",
    "/",
)
#: Until rows are there, and their documents.
_LEVEL: Final = "select coalesce(sum(next_offset), 0)::bigint from timeline_g1.search_checkpoints"


@dataclass(slots=True)
class Needs:
    """Bytes that a process and those that it has started held at each look, and the most that one of these held.

    `seconds` of the processor's are what they have taken since `before`, for so many events or answers.
    """

    name: str
    unit: str
    held: list[int] = field(default_factory=list)
    worker: int = 0
    seconds: float = 0.0
    count: int = 0

    def look(self, parent: psutil.Process) -> None:
        """Take note of what they hold now."""
        held = 0
        for each in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):  # it has just ended
                rss = each.memory_info().rss
                held += rss
                self.worker = max(self.worker, rss if each != parent else 0)
        self.held.append(held)


@asynccontextmanager
async def watched(name: str, unit: str, service: Service, found: list[Needs]) -> AsyncIterator[Needs]:
    """Watch a process meanwhile, and those that it starts; whoever is inside says how much was done."""
    needs, parent, before = Needs(name, unit), psutil.Process(service.pid), cpu_seconds(service)

    async def watch() -> None:
        while True:
            needs.look(parent)
            await asyncio.sleep(_LOOK_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield needs
    finally:
        watching.cancel()
        await asyncio.wait([watching])
        needs.seconds = cpu_seconds(service) - before
        found.append(needs)


async def measure(events: int) -> list[Needs]:
    """Each process under its load: bulk in several bodies at once, all of it projected, read by many, and rebuilt."""
    found: list[Needs] = []
    async with own_services(await shared_engines()) as services:
        services.migrate()
        ingest = await services.ingest()
        count = events // _BODIES * _BODIES
        async with watched("ingest", "event", ingest, found) as needs:
            bodies = (post_bulk(ingest.url, events // _BODIES, number * events) for number in range(_BODIES))
            await asyncio.gather(*bodies)
            needs.count = count
        await ingest.terminate()
        projector = await services.projector()
        async with watched("projector", "event", projector, found) as needs:
            await _level(services, count)
            needs.count = count
        await projector.terminate()
        timeline = await services.timeline()
        async with watched("timeline", "answer", timeline, found) as needs:
            needs.count = await _read(timeline.url)
        await timeline.terminate()
        projector, replayer = await services.projector("beside"), await services.replayer()
        async with watched("replayer", "event", replayer, found) as needs:
            await run_replay(services, replayer, "rebuild")
            needs.count = count
        await projector.terminate()
    return found


async def _level(services: Services, count: int) -> None:
    """Wait until all is projected."""
    connection = await asyncpg.connect(services.database_url)
    try:

        async def level() -> bool:
            return int(await connection.fetchval(_LEVEL)) >= count

        await wait_until(level, 600)
    finally:
        await connection.close()


async def _read(url: str) -> int:
    """Many readers at once, of the pairs that have most, beside an export of the log; returns how many reads."""
    answered = 0
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        pairs = [item["pair"] for item in (await client.get("/v1/timelines")).json()["items"]]
        ends = time.monotonic() + _READING_SECONDS

        async def read(number: int) -> None:
            nonlocal answered
            while time.monotonic() < ends:
                number += 1
                path = _READS[number % len(_READS)].format(pair=pairs[number % len(pairs)])
                (await client.get(path)).raise_for_status()
                answered += 1

        async def export() -> None:
            async with client.stream("GET", "/v1/log/export") as answer:
                async for _ in answer.aiter_bytes():
                    pass

        await asyncio.gather(export(), *(read(number * 7) for number in range(_READERS)))
    return answered


def main() -> int:
    """Print the table; returns the exit status."""
    events = int(os.environ.get("BENCH_EVENTS", "").strip() or "100000")
    open_session_folder()
    try:
        found = uvloop.run(measure(events))
    finally:
        close_session_folder()
    table = Table("process", "median MiB", "peak MiB", "of which a worker's", "processor's time")
    for each in found:
        memory = (f"{bytes_ / 2**20:.0f}" for bytes_ in (median(each.held), max(each.held), each.worker))
        table.add_row(each.name, *memory, f"{each.seconds / each.count * 1e6:.0f} µs an {each.unit}")
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
