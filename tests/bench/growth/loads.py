"""What the last events cost when there are many before them: taken in, projected, on disk and in memory."""

import asyncio
from pathlib import Path
from typing import Final

import asyncpg
from tests.bench.growth.points import Point
from tests.bench.ingest_figures import post_bulk
from tests.bench.large_log import fill_log
from tests.bench.memory import peak_bytes
from tests.bench.own_services import own_services
from tests.bench.processor import cpu_seconds
from tests.bench.projection_figures import project
from tests.bench.replays.replay_runs import run_replay
from tests.support.running.engines import Engines
from tests.support.running.processes import Service, Services
from tests.support.running.session_folder import session_folder

from timeline_service.adapters.postgres.sql_files import generation_schema

_MOST_MEASURED: Final = 50_000
_DISK: Final = """
select
    sum(pg_table_size(oid))::float8 as rows, sum(pg_indexes_size(oid))::float8 as indexes
from pg_class where relnamespace = $1::text::regnamespace and relkind in ('r', 'p')
"""


async def measure_loads(engines: Engines, count: int) -> list[Point]:
    """Half of the events, but at most 50,000, go through the product, once a rebuild has projected all others."""
    measured = min(_MOST_MEASURED, count // 2)
    async with own_services(engines) as services:
        services.migrate()
        await fill_log(services.bootstrap_servers, services.topic, count - measured)
        replayer = await services.replayer()
        generation = int((await run_replay(services, replayer, "rebuild")).result["generation"])
        await replayer.terminate()
        ingest = await services.ingest()
        before = cpu_seconds(ingest)
        rate = await post_bulk(ingest.url, measured)
        ingest_cpu = (cpu_seconds(ingest) - before) / measured
        projected = await project(services, count, before=count - measured, generation=generation)
        memory = {"ingest": _megabytes(ingest), "projector": _megabytes(projected.projector)}
        await services.stop()
        rows, indexes = await _disk(services.database_url, generation_schema(generation))
        log = await asyncio.to_thread(_log_bytes, services)
    return [
        Point(figure, unit, count, value, "product")
        for figure, unit, value in (
            ("bulk ingest", "/s", rate),
            ("bulk ingest, CPU an event", "µs", ingest_cpu * 1e6),
            ("projection of rows", "/s", projected.rate),
            ("projection of rows, CPU an event", "µs", projected.cpu * 1e6),
            ("projection until search is level", "/s", projected.level_rate),
            ("Kafka, bytes of an event on disk", "B", log / count),
            ("PostgreSQL, rows of an event on disk", "B", rows / count),
            ("PostgreSQL, indexes of an event on disk", "B", indexes / count),
            *((f"{name}, peak resident memory", "MB", held) for name, held in memory.items()),
        )
    ]


async def _disk(url: str, schema: str) -> tuple[float, float]:
    """Bytes of a generation's tables and of their indexes."""
    connection = await asyncpg.connect(url)
    try:
        (row,) = await connection.fetch(_DISK, schema)
        return row["rows"], row["indexes"]
    finally:
        await connection.close()


def _log_bytes(services: Services) -> int:
    """Bytes of the topic's records in the engine's folder, without what Kafka lays out before it needs it."""
    folders = (session_folder() / "engines" / "kafka").glob(f"{services.topic}-*")
    return sum(path.stat().st_size for folder in folders for path in Path(folder).glob("*.log"))


def _megabytes(service: Service) -> float:
    assert service.pid is not None
    return peak_bytes(service.pid) / 1e6
