"""What replays of a whole log cost: a rebuild from nothing, and a verification of what it has made."""

from typing import Final

from tests.bench.growth.points import Point
from tests.bench.large_log import fill_log
from tests.bench.memory import peak_bytes
from tests.bench.own_services import own_services
from tests.bench.replays.replay_runs import run_replay
from tests.support.running.engines import Engines

from timeline_service.domain.replays import Kind

_NAMES: Final[dict[Kind, str]] = {"rebuild": "rebuild, compared and live", "verify": "verification, on half the cores"}


async def measure_replays(engines: Engines, count: int) -> list[Point]:
    """Rebuild a log of so many records and verify it."""
    points = []
    async with own_services(engines) as services:
        services.migrate()
        await fill_log(services.bootstrap_servers, services.topic, count)
        replayer = await services.replayer()
        worst = 0
        for kind, name in _NAMES.items():
            run = await run_replay(services, replayer, kind)
            points += [
                Point(name, "/s", count, count / run.seconds, "product"),
                Point(f"{name}, CPU an event", "µs", count, run.cpu_seconds / count * 1e6, "product"),
            ]
            worst = max(worst, run.worst_worker)
        assert replayer.pid is not None
        held = {"replayer": peak_bytes(replayer.pid), "a worker of the replayer": worst}
    return points + [
        Point(f"{name}, peak resident memory", "MB", count, peak / 1e6, "product") for name, peak in held.items()
    ]
