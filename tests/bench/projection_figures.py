"""The projection measured by what it commits."""

import time
from dataclasses import dataclass

import asyncpg
from tests.bench import peers
from tests.bench.figures import Figure
from tests.bench.processor import cpu_seconds
from tests.support.running.processes import Service, Services
from tests.support.waiting import wait_until

_PROGRESS = """
select count(*) filter (where owner <> '') as owned, coalesce(sum(next_offset), 0)::bigint as records,
       coalesce(sum(applied), 0)::bigint as applied,
       (select coalesce(sum(next_offset), 0)::bigint from timeline_g1.search_checkpoints) as documents
from timeline_g1.checkpoints
"""


@dataclass(frozen=True, slots=True)
class Projected:
    """Events a second and processor seconds an event until rows were level, and until documents were, too."""

    projector: Service
    rate: float
    cpu: float
    level_rate: float
    level_cpu: float


async def project(services: Services, count: int, **environment: str) -> Projected:
    """Start a projector on the full log, and measure it from the moment at which it owns partitions.

    Raises RuntimeError unless every record was applied.
    """
    connection = await asyncpg.connect(services.database_url)
    try:
        projector = await services.projector(**environment)

        async def owned() -> bool:
            return bool((await _progress(connection))["owned"])

        async def done() -> bool:
            return int((await _progress(connection))["records"]) >= count

        async def level() -> bool:
            return int((await _progress(connection))["documents"]) >= count

        await wait_until(owned, 60)
        start, before = time.perf_counter(), cpu_seconds(projector)
        await wait_until(done, 600)
        seconds, cpu = time.perf_counter() - start, cpu_seconds(projector) - before
        await wait_until(level, 600)
        level_seconds, level_cpu = time.perf_counter() - start, cpu_seconds(projector) - before
        if (applied := (await _progress(connection))["applied"]) != count:
            raise RuntimeError(f"of {count} records {applied} were applied")
        return Projected(projector, count / seconds, cpu / count, count / level_seconds, level_cpu / count)
    finally:
        await connection.close()


async def _progress(connection: "asyncpg.Connection[asyncpg.Record]") -> asyncpg.Record:
    (row,) = await connection.fetch(_PROGRESS)
    return row


def projection_figures(projected: Projected, floor: float, level_floor: float) -> list[Figure]:
    """The rates of the projection beside those of bare COPY."""
    name, floor_name = "projection, exactly once, one process", "the same rows by COPY, same indexes, no fold"
    return [
        Figure(name, projected.rate, floor, floor_name, "/s", peers.PROJECTION, projected.cpu),
        Figure(
            "… until documents to search are level", projected.level_rate, level_floor, "the same, and documents", "/s",
            cpu_seconds=projected.level_cpu,
        ),
    ]  # fmt: skip
