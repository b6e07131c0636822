"""The benchmark: a log of its own, filled through ingest, projected and replayed, and the floors of it all."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from tests.bench.access_figures import access_figures
from tests.bench.bare_copy import ROWS, ROWS_AND_DOCUMENTS, copy_rows
from tests.bench.figures import Figure
from tests.bench.import_figures import import_events, import_figures
from tests.bench.ingest_figures import bulk_figure, floors, post_bulk, post_singly, single_figures
from tests.bench.memory import memory_figure
from tests.bench.processor import cpu_seconds
from tests.bench.projection_figures import project, projection_figures
from tests.bench.replay_figures import measure_replays
from tests.support.inputs.log_writing import read_log
from tests.support.running.engines import Engines
from tests.support.running.processes import Services
from tests.support.running.session_folder import session_folder

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess


async def measure(engines: Engines, events: int, singles: int) -> list[Figure]:
    """Measure everything with so many events in bulk and so many single posts."""
    floor_topic, import_topic = (f"bench.{uuid4().hex}" for _ in range(2))
    for topic in (floor_topic, import_topic):
        await create_topic(KafkaAccess(engines.bootstrap_servers), topic)
    async with bench_services(engines) as services:
        return await _measure(services, floor_topic, import_topic, events, singles)


@asynccontextmanager
async def bench_services(engines: Engines) -> AsyncIterator[Services]:
    """Services on a log and a database of their own, which is gone at the end."""
    topic, database = f"bench.{uuid4().hex}", f"bench_{uuid4().hex}"
    await create_topic(KafkaAccess(engines.bootstrap_servers), topic)
    await _execute(engines.database_url, f"create database {database}")
    url = f"{engines.database_url.rpartition('/')[0]}/{database}"
    with tempfile.TemporaryDirectory(prefix="bench-", dir=session_folder()) as folder:
        services = Services(Path(folder), engines.bootstrap_servers, topic, url)
        try:
            yield services
        finally:
            await services.stop()
            await _execute(engines.database_url, f"drop database {database} with (force)")


async def _measure(services: Services, floor_topic: str, import_topic: str, events: int, singles: int) -> list[Figure]:
    """One thing at a time, so that each has the machine to itself; the projector waits for more meanwhile."""
    services.migrate()
    records = events + singles
    ingest = await services.ingest()
    cpu = cpu_seconds(ingest)
    bulk = await post_bulk(ingest.url, events)
    bulk_cpu = (cpu_seconds(ingest) - cpu) / events
    single = await post_singly(ingest.url, singles, first=events)
    memory = [memory_figure(ingest)]
    await ingest.terminate()
    importing = await services.ingest("importing", INGEST_TOPIC=import_topic)
    import_rate, import_memory = import_figures(await import_events(importing, events), bulk)
    await importing.terminate()
    log = await read_log(services.bootstrap_servers, services.topic)
    bulk_floor, single_floor = await floors(services.bootstrap_servers, floor_topic, log, singles)
    del log
    projected = await project(services, records)
    memory.append(memory_figure(projected.projector))
    floor, level_floor = [await copy_rows(services.database_url, tables) for tables in (ROWS, ROWS_AND_DOCUMENTS)]
    replays, replaying_memory = await measure_replays(services, records, projected.level_rate)
    access = await access_figures(services, singles, first=records)
    return [
        bulk_figure(bulk, bulk_floor, bulk_cpu),
        import_rate,
        *projection_figures(projected, floor, level_floor),
        *replays,
        *single_figures(single, single_floor),
        *access,
        *memory,
        import_memory,
        *replaying_memory,
    ]


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
