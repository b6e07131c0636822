"""Replays of a log that has been projected: a verification, a rebuild and an export, with their memory."""

import os
from typing import Final

from tests.bench.figures import Figure
from tests.bench.floors.bare_load import load_rows
from tests.bench.memory import memory_figure, memory_of
from tests.bench.replays.export_figures import export_figure
from tests.bench.replays.rebuild_figures import rebuild, rebuild_figures
from tests.bench.replays.verify_figures import verify, verify_figures
from tests.support.running.processes import Services

_WORKER_LIMIT_MB: Final = 250


async def measure_replays(services: Services, records: int, live_rate: float) -> list[Figure]:
    """Figures of speed, beside their floors, for which it stops all services, and of memory."""
    timeline, replayer = await services.timeline(), await services.replayer()
    verified = await verify(services, replayer, timeline)
    rebuilt = await rebuild(services, replayer)
    export = await export_figure(services, timeline, records)
    worst = max(verified.run.worst_worker, rebuilt.run.worst_worker)
    memory = [memory_figure(replayer), memory_of("a worker of the replayer", worst, _WORKER_LIMIT_MB)]
    await services.stop()
    floor, on_all_cores = [
        await load_rows(services.database_url, rebuilt.generation, processes) for processes in (1, os.cpu_count() or 1)
    ]
    return [
        *rebuild_figures(rebuilt, records, floor, on_all_cores, live_rate),
        *verify_figures(verified, records, on_all_cores),
        export,
        *memory,
    ]
