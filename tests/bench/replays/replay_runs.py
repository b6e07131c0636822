"""A replay that is asked for and watched until it is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.bench.processor import cpu_seconds
from tests.bench.replays.offspring import watched_offspring
from tests.support.running.processes import Service, Services
from tests.support.running.replaying import over, replays_of

from timeline_service.domain.replays import Kind

_MAX_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """When it began and how long it took, by its row; what the replayer and its workers took for it."""

    started_at: datetime
    seconds: float
    cpu_seconds: float
    worst_worker: int  # the most bytes that one has held
    result: Mapping[str, Any]


async def run_replay(services: Services, replayer: Service, kind: Kind) -> ReplayRun:
    """Ask for a replay and wait for it; raises RuntimeError unless it finds all equal."""
    cpu = cpu_seconds(replayer)
    async with replays_of(services) as replays, watched_offspring(replayer) as workers:
        view = await over(replays, str((await replays.file(kind))["id"]), _MAX_SECONDS)
    if view["state"] != "succeeded" or not view["result"]["equal"]:
        raise RuntimeError(f"the replay did not find all equal: {view}")
    started, finished = (datetime.fromisoformat(view[name]) for name in ("started_at", "finished_at"))
    cpu = cpu_seconds(replayer) - cpu
    return ReplayRun(started, (finished - started).total_seconds(), cpu, workers.worst_peak, view["result"])
