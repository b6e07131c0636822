"""A verification measured beside the floor of what it folds again, and by what it costs who reads meanwhile."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.bench.figures import Figure, percentile
from tests.bench.floors.bare_load import BareLoad
from tests.bench.reads.reading_client import ReadingClient
from tests.bench.replays.replay_runs import ReplayRun, run_replay
from tests.support.running.processes import Service, Services

_QUIET_SECONDS: Final = 5.0
_FEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification that had the machine to itself, and the milliseconds of pages without one and during one."""

    run: ReplayRun
    quiet: tuple[float, ...]
    beside: tuple[float, ...]


async def verify(services: Services, replayer: Service, timeline: Service) -> Verified:
    """Verify twice, the second time while pages of the largest pair are read, one after the other."""
    run = await run_replay(services, replayer, "verify")
    end = time.monotonic() + min(_QUIET_SECONDS, run.seconds)
    quiet = await asyncio.to_thread(_read_pages, timeline.url, lambda: time.monotonic() > end)
    verifying = asyncio.create_task(run_replay(services, replayer, "verify"))
    beside = await asyncio.to_thread(_read_pages, timeline.url, verifying.done)
    await verifying
    return Verified(run, quiet, beside)


def _read_pages(url: str, over: Callable[[], bool]) -> tuple[float, ...]:
    """The milliseconds of first pages from either end; what is read before the first is not counted."""
    client = ReadingClient(url)
    try:
        pair = client.get("/v1/timelines?order=count&limit=1").json["items"][0]["pair"]
        pages = [f"/v1/timelines/{pair}", f"/v1/timelines/{pair}?order=desc"]
        for page in pages:
            client.get(page)
        taken: list[float] = []
        while not over() or len(taken) < _FEWEST:
            taken += [client.get(page).taken for page in pages]
        return tuple(taken)
    finally:
        client.close()


def verify_figures(verified: Verified, records: int, floor: BareLoad) -> list[Figure]:
    """Its rate, and what readers have to wait."""
    rate, cpu = records / verified.run.seconds, verified.run.cpu_seconds / records
    name, floor_name = "verification, on half the cores", "the same rows by COPY on every core, no indexes"
    return [Figure(name, rate, records / floor.copying, floor_name, "/s", cpu_seconds=cpu)] + [
        Figure(
            f"a page of 50 during a verification, p{percent}",
            percentile(verified.beside, percent),
            percentile(verified.quiet, percent),
            "the same just before it",
            "ms",
        )
        for percent in (50, 99)
    ]
