"""The projection measured by what it commits."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg
from tests.bench.figures import Figure, Peer
from tests.bench.peers import published
from tests.bench.peers.connect_jars import SINK
from tests.bench.peers.jdbc_sink import Sunk
from tests.bench.processor import cpu_seconds
from tests.bench.watching import watch_until
from tests.support.running.processes import Service, Services

from timeline_service.adapters.postgres.sql_files import generation_schema

_PROGRESS = """
select coalesce(sum(epoch), 0)::bigint as epochs, coalesce(sum(next_offset), 0)::bigint as records,
       coalesce(sum(applied), 0)::bigint as applied,
       (select coalesce(sum(next_offset), 0)::bigint from {schema}.search_checkpoints) as documents
from {schema}.checkpoints
"""
_ROWS = "select (select count(*) from {schema}.revisions) + (select count(*) from {schema}.entries)"
ROWS: Final = "projection of rows, exactly once, one process"
LEVEL: Final = "projection until search is level"


@dataclass(frozen=True, slots=True)
class Projected:
    """Events a second and processor seconds an event until rows were level, and until documents were, too."""

    projector: Service
    rate: float
    cpu: float
    level_rate: float
    level_cpu: float
    rows_per_event: float  # revisions and entries, without what counts them


async def project(
    services: Services,
    count: int,
    environment: Mapping[str, str] | None = None,
    *,
    before: int = 0,
    generation: int = 1,
) -> Projected:
    """Start a projector on the full log, and measure it from the moment at which it owns partitions.

    `before`: so many records are projected already, in the generation that is live. Raises RuntimeError unless every
    record was applied.
    """
    schema = generation_schema(generation)
    connection = await asyncpg.connect(services.database_url)
    try:
        epochs = (await _progress(connection, schema))["epochs"]
        projector = await services.projector(**(environment or {}))

        async def owned() -> bool:
            return bool((await _progress(connection, schema))["epochs"] > epochs)

        async def done() -> bool:
            return int((await _progress(connection, schema))["records"]) >= count

        async def level() -> bool:
            return int((await _progress(connection, schema))["documents"]) >= count

        await watch_until(owned, 60)
        new, start, cpu_before = count - before, time.perf_counter(), cpu_seconds(projector)
        await watch_until(done, 600)
        seconds, cpu = time.perf_counter() - start, cpu_seconds(projector) - cpu_before
        await watch_until(level, 600)
        level_seconds, level_cpu = time.perf_counter() - start, cpu_seconds(projector) - cpu_before
        if (applied := (await _progress(connection, schema))["applied"]) != count:
            raise RuntimeError(f"of {count} records {applied} were applied")
        rows = await connection.fetchval(_ROWS.format(schema=schema))
        return Projected(projector, new / seconds, cpu / new, new / level_seconds, level_cpu / new, rows / count)
    finally:
        await connection.close()


async def _progress(connection: "asyncpg.Connection[asyncpg.Record]", schema: str) -> asyncpg.Record:
    (row,) = await connection.fetch(_PROGRESS.format(schema=schema))
    return row


def projection_figures(projected: Projected, floor: float, level_floor: float, sunk: Sunk | None) -> list[Figure]:
    """The rates of the projection beside those of bare COPY, and of a sink with a row for each event."""
    events, rows, cpu = _sink_peers(sunk)
    several = projected.rows_per_event
    floor_name = "the same rows by COPY, same indexes, no fold"
    return [
        Figure(ROWS, projected.rate, floor, floor_name, "/s", (*events, *published.PROJECTION), projected.cpu),
        Figure("projection, in rows", projected.rate * several, floor * several, floor_name, "/s", rows),
        Figure("projection, processor time an event", projected.cpu * 1e6, None, "", "µs", cpu),
        Figure(
            LEVEL, projected.level_rate, level_floor, "the same rows and documents by COPY", "/s",
            cpu_seconds=projected.level_cpu,
        ),
    ]  # fmt: skip


def _sink_peers(sunk: Sunk | None) -> tuple[tuple[Peer, ...], tuple[Peer, ...], tuple[Peer, ...]]:
    """What a sink does in events a second, in rows a second and in microseconds an event, where there is one."""
    if sunk is None:
        return (), (), ()
    rate = (Peer(f"{SINK}, a row an event, no fold", sunk.rate, measured_here=True),)
    return rate, rate, (Peer(SINK, sunk.cpu_seconds * 1e6, measured_here=True),)
