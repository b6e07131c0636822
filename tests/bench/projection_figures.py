"""The projection measured by what it commits."""

import time

import asyncpg
from tests.bench import peers
from tests.bench.figures import Figure
from tests.bench.processor import cpu_seconds
from tests.support.processes import Services
from tests.support.waiting import wait_until

_PROGRESS = """
select count(*) filter (where owner <> '') as owned, coalesce(sum(next_offset), 0)::bigint as records,
       coalesce(sum(applied), 0)::bigint as applied
from timeline_g1.checkpoints
"""


async def project(services: Services, count: int) -> tuple[float, float]:
    """Start a projector on the full log; returns events a second and processor seconds an event.

    Both from the moment at which it owns partitions to its last commit.

    Raises RuntimeError unless every record was applied.
    """
    connection = await asyncpg.connect(services.database_url)
    try:
        projector = await services.projector()

        async def owned() -> bool:
            return bool((await _progress(connection))["owned"])

        async def done() -> bool:
            return int((await _progress(connection))["records"]) >= count

        await wait_until(owned, 60)
        start, cpu = time.perf_counter(), cpu_seconds(projector)
        await wait_until(done, 600)
        seconds, cpu = time.perf_counter() - start, cpu_seconds(projector) - cpu
        if (applied := (await _progress(connection))["applied"]) != count:
            raise RuntimeError(f"of {count} records {applied} were applied")
        return count / seconds, cpu / count
    finally:
        await connection.close()


async def _progress(connection: "asyncpg.Connection[asyncpg.Record]") -> asyncpg.Record:
    (row,) = await connection.fetch(_PROGRESS)
    return row


def projection_figure(rate: float, floor: float, cpu: float) -> Figure:
    """The rate of the projection beside that of bare COPY."""
    name = "projection, exactly once, one process"
    return Figure(name, rate, floor, "the same rows by COPY, same indexes, no fold", "/s", peers.PROJECTION, cpu)
