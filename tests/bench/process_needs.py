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
from tests.bench.bench import bench_services
from tests.bench.ingest_figures import post_bulk
from tests.bench.replay_runs import run_replay
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
    """Bytes and cores that a process and those that it has started held at each look; and the most of one of these."""

    name: str
    held: list[int] = field(default_factory=list)
    worker: int = 0
    cores: list[float] = field(default_factory=list)

    def look(self, parent: psutil.Process, seconds: float, before: dict[int, float]) -> None:
        """Take note of what they hold now, and of what they have taken of the processor since `before`."""
        held, took = 0, 0.0
        for each in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):  # it has just ended
                rss = each.memory_info().rss
                held += rss
                self.worker = max(self.worker, rss if each != parent else 0)
                times = each.cpu_times()
                now = times.user + times.system
                took += now - before.get(each.pid, 0.0)
                before[each.pid] = now
        self.held.append(held)
        self.cores.append(took / seconds)


@asynccontextmanager
async def watched(name: str, service: Service, found: list[Needs]) -> AsyncIterator[None]:
    """Watch a process meanwhile, and those that it starts."""
    needs, parent, before = Needs(name), psutil.Process(service.pid), dict[int, float]()
    needs.look(parent, 1, before)
    needs.held.clear()
    needs.cores.clear()

    async def watch() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            needs.look(parent, now - last, before)
            last = now

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])
        found.append(needs)


async def measure(events: int) -> list[Needs]:
    """Each process under its load: bulk in several bodies at once, all of it projected, read by many, and rebuilt."""
    found: list[Needs] = []
    async with bench_services(await shared_engines()) as services:
        services.migrate()
        ingest = await services.ingest()
        async with watched("ingest", ingest, found):
            bodies = (post_bulk(ingest.url, events // _BODIES, number * events) for number in range(_BODIES))
            await asyncio.gather(*bodies)
        await ingest.terminate()
        projector = await services.projector()
        async with watched("projector", projector, found):
            await _level(services, events // _BODIES * _BODIES)
        await projector.terminate()
        timeline = await services.timeline()
        async with watched("timeline", timeline, found):
            await _read(timeline.url)
        await timeline.terminate()
        projector, replayer = await services.projector("beside"), await services.replayer()
        async with watched("replayer", replayer, found):
            await run_replay(services, replayer, "rebuild")
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


async def _read(url: str) -> None:
    """Many readers at once, of the pairs that have most, and an export of all of the log beside them."""
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        pairs = [item["pair"] for item in (await client.get("/v1/timelines")).json()["items"]]
        ends = time.monotonic() + _READING_SECONDS

        async def read(number: int) -> None:
            while time.monotonic() < ends:
                number += 1
                path = _READS[number % len(_READS)].format(pair=pairs[number % len(pairs)])
                (await client.get(path)).raise_for_status()

        async def export() -> None:
            async with client.stream("GET", "/v1/log/export") as answer:
                async for _ in answer.aiter_bytes():
                    pass

        await asyncio.gather(export(), *(read(number * 7) for number in range(_READERS)))


def main() -> int:
    """Print the table; returns the exit status."""
    events = int(os.environ.get("BENCH_EVENTS", "").strip() or "100000")
    open_session_folder()
    try:
        found = uvloop.run(measure(events))
    finally:
        close_session_folder()
    table = Table("process", "median MiB", "peak MiB", "a worker's", "median cores", "peak cores")
    for each in found:
        memory = (f"{amount(each.held) / 2**20:.0f}" for amount in (median, max))
        cores = (f"{amount(each.cores):.2f}" for amount in (median, max))
        table.add_row(each.name, *memory, f"{each.worker / 2**20:.0f}", *cores)
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
