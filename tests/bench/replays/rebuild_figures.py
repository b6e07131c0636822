"""A rebuild measured beside its floor, and beside the live projection of the same log."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from tests.bench.figures import Figure
from tests.bench.floors.bare_load import BareLoad
from tests.bench.replays.replay_runs import ReplayRun, run_replay
from tests.bench.watching import watch_until
from tests.support.running.processes import Service, Services

_MAX_SECONDS: Final = 3600
REBUILD: Final = "rebuild until tables and indexes stand"
#: Asked until there is a generation with as many indexes as the first has.
_INDEXED: Final = """
select clock_timestamp()
from timeline.generations
where
    n > 1
    and (select count(*) from pg_indexes where schemaname = 'timeline_g' || n)
    = (select count(*) from pg_indexes where schemaname = 'timeline_g1')
"""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The seconds until tables were filled and indexed, and all of it: compared, swapped."""

    run: ReplayRun
    indexed: float

    @property
    def generation(self) -> int:
        """The one that it has made."""
        return int(self.run.result["generation"])


async def rebuild(services: Services, replayer: Service) -> Rebuilt:
    """Rebuild the first generation while it is projected."""
    connection = await asyncpg.connect(services.database_url)
    try:
        indexing = asyncio.create_task(_indexed(connection))
        try:
            run = await run_replay(services, replayer, "rebuild")
            seen = (await indexing - run.started_at).total_seconds()
            return Rebuilt(run, min(seen, run.seconds))  # it is seen a moment late
        finally:
            indexing.cancel()
            await asyncio.wait([indexing])
    finally:
        await connection.close()


async def _indexed(connection: "asyncpg.Connection[asyncpg.Record]") -> datetime:
    found: datetime | None = None

    async def seen() -> bool:
        nonlocal found
        found = await connection.fetchval(_INDEXED)
        return found is not None

    await watch_until(seen, _MAX_SECONDS)
    assert found is not None
    return found


def rebuild_figures(
    rebuilt: Rebuilt, records: int, floor: BareLoad, on_all_cores: BareLoad, live_rate: float
) -> list[Figure]:
    """Its rates, each with what it has to be compared with."""
    rate, whole = records / rebuilt.indexed, records / rebuilt.run.seconds
    bare, bare_name = records / floor.seconds, "the same rows by COPY, same indexes"
    all_cores = f"{bare_name}, all cores"
    live_name = "the live projection, until documents are level"
    return [
        Figure(
            REBUILD, rate, bare, bare_name, "/s", (),
            rebuilt.run.cpu_seconds / records,
        ),
        Figure("rebuild, beside COPY on every core", rate, records / on_all_cores.seconds, all_cores, "/s"),
        Figure("rebuild, beside the live projection", rate, live_rate, live_name, "/s"),
        Figure("rebuild until it is compared and live", whole, bare, bare_name, "/s"),
    ]  # fmt: skip
