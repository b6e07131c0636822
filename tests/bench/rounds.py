"""One round of the benchmark: a log of its own, filled through ingest, projected and replayed, floors and peers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.bench.figures import Figure
from tests.bench.floors.bare_copy import ROWS, ROWS_AND_DOCUMENTS, copy_rows
from tests.bench.floors.bare_producer import Records
from tests.bench.import_figures import import_events, import_figures
from tests.bench.ingest_figures import (
    MANY_POSTS,
    bulk_figure,
    floors,
    many_figure,
    post_bulk,
    post_by_many,
    post_singly,
    single_figures,
)
from tests.bench.memory import memory_figure
from tests.bench.own_services import own_services, own_topic
from tests.bench.peers.jdbc_sink import Sunk
from tests.bench.processor import cpu_seconds
from tests.bench.projection_figures import project, projection_figures
from tests.bench.replays.replay_figures import measure_replays
from tests.support.inputs.log_writing import read_log
from tests.support.running.engines import Engines
from tests.support.running.processes import Services


@dataclass(frozen=True, slots=True)
class Load:
    """So many events in bulk, and so many single posts."""

    events: int
    singles: int


#: Has a sink write the events of records into a database; None where there is no sink, or it has failed.
Sinking = Callable[[str, Records], Awaitable[Sunk | None]]


async def measure_round(engines: Engines, load: Load, sink: Sinking, *, replays: bool) -> list[Figure]:
    """Measure everything once, replays if they are asked for, and a sink on the same events."""
    async with own_services(engines) as services:
        services.migrate()
        ingested, memory, records = await _ingest(engines, services, load)
        projected = await project(services, records)
        memory.append(memory_figure(projected.projector))
        await projected.projector.terminate()
        floor, level_floor = [await copy_rows(services.database_url, tables) for tables in (ROWS, ROWS_AND_DOCUMENTS)]
        log = await read_log(services.bootstrap_servers, services.topic)
        sunk = await sink(services.database_url, log)
        del log
        figures = [*ingested, *projection_figures(projected, floor, level_floor, sunk), *memory]
        if replays:
            await services.projector()
            figures += await measure_replays(services, records, projected.level_rate)
        return figures


async def _ingest(engines: Engines, services: Services, load: Load) -> tuple[list[Figure], list[Figure], int]:
    """Figures of ingest, of memory, and how many records there are: one thing at a time has the machine to itself."""
    many = MANY_POSTS * load.singles
    ingest = await services.ingest()
    cpu = cpu_seconds(ingest)
    bulk = await post_bulk(ingest.url, load.events)
    bulk_cpu = (cpu_seconds(ingest) - cpu) / load.events
    single = await post_singly(ingest.url, load.singles, first=load.events)
    answered = await post_by_many(ingest, many, first=load.events + load.singles)
    memory = [memory_figure(ingest)]
    await ingest.terminate()
    rates = []
    for kind in ("csv", "gdelt"):
        importing = await services.ingest(f"importing-{kind}", INGEST_TOPIC=await own_topic(engines))
        rate, held = import_figures(await import_events(importing, load.events, kind), bulk, kind)
        await importing.terminate()
        rates.append(rate)
        memory.append(held)
    log = await read_log(services.bootstrap_servers, services.topic)
    bare = await floors(services.bootstrap_servers, await own_topic(engines), log, load.singles)
    figures = [
        bulk_figure(bulk, bare.bulk, bulk_cpu),
        *rates,
        *single_figures(single, bare.single),
        many_figure(answered, bare.many),
    ]
    return figures, memory, load.events + load.singles + many
