"""How an arena comes up: its engines, the topic, the database, and the product's processes from a checkout."""

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import asyncpg
from aiokafka.errors import KafkaError
from tests.faults.soak.arena.engine_health import brokers_count
from tests.faults.soak.arena.own_records import note_own_records
from tests.faults.soak.arena.recovery import recover
from tests.support.running.processes import SOURCES
from tests.support.waiting import wait_until

from local_stack.commands import run_command
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess

if TYPE_CHECKING:
    from tests.faults.soak.arena.arena import Arena

START_SECONDS: Final = 150.0


class ArenaError(Exception):
    """The arena could not be made as it was asked for."""


async def start_engines(arena: "Arena") -> None:
    """Start Kafka and PostgreSQL behind their proxies, and make the topic and the database; raises ArenaError."""
    for name in arena.engine_names:
        arena.members[name].start()
    for proxy in arena.proxies:
        await proxy.listen()
    try:
        await wait_until(
            partial(_database_made, arena), START_SECONDS, ignore=(asyncpg.PostgresError, OSError, TimeoutError)
        )
        await wait_until(partial(brokers_count, arena), START_SECONDS, ignore=(KafkaError, OSError, ValueError))
    except AssertionError as error:
        raise ArenaError(f"the engines do not start: {error}; ends: {arena.unexpected_ends}") from error
    await create_topic(KafkaAccess(arena.bootstrap_servers), arena.topic, arena.partitions)


async def start_services(arena: "Arena", environment: Mapping[str, str]) -> None:
    """Start the product's processes, and wait until they work; raises ArenaError or StackError."""
    shared = {**_service_environment(arena), **environment}
    await _require_sources(arena.root, shared)
    migrate = [sys.executable, "-m", "timeline_service.cli", "migrate"]
    await run_command(migrate, "the database could not be migrated", shared)
    timeline = ("-m", "timeline_service.cli")
    (ingest_url,) = arena.ingest_urls
    services = {
        "ingest": (("-m", "ingest_service.cli", "serve"), {"INGEST_PORT": str(port_of(ingest_url))}),
        **{
            f"timeline-{number}": ((*timeline, "serve"), {"TIMELINE_PORT": str(port_of(url))})
            for number, url in enumerate(arena.timeline_urls, 1)
        },
        "projector-1": ((*timeline, "project"), {}),
        "projector-2": ((*timeline, "project"), {}),
        "replayer": ((*timeline, "replayer"), {}),
    }
    for name, (words, own) in services.items():
        arena.add(name, (sys.executable, *words), {**shared, **own})
        arena.members[name].start()
    seconds, missing = await recover(arena, START_SECONDS)
    if missing:
        raise ArenaError(f"the arena does not work after {seconds:.0f} s: {missing}")
    await note_own_records(arena)


def _service_environment(arena: "Arena") -> dict[str, str]:
    """What all of the product's processes are told."""
    return {
        "PYTHONPATH": os.pathsep.join(str(arena.root / source) for source in SOURCES),
        "PYTHONUNBUFFERED": "1",
        "KAFKA_BOOTSTRAP_SERVERS": ",".join(f"127.0.0.1:{proxy.port}" for proxy in arena.kafka_proxies),
        "DATABASE_URL": f"postgresql://dyadline@127.0.0.1:{arena.postgres_proxy.port}/dyadline",
        "INGEST_TOPIC": arena.topic,
        "TIMELINE_TOPIC": arena.topic,
        "PROJECTOR_PORT": "0",
        "REPLAYER_PORT": "0",
        "TIMELINE_URL": arena.timeline_urls[0],
        "TIMELINE_SPILL_FOLDER": str(arena.spill_disk),
        "TMPDIR": str(arena.spill_disk),
    }


async def _require_sources(root: Path, environment: Mapping[str, str]) -> None:
    """Raises StackError if other sources than those of `root` would run."""
    script = (
        "import sys, pathlib, event_schemas, service_edge, ingest_service, timeline_service as last\n"
        "for each in (event_schemas, service_edge, ingest_service, last):\n"
        "    if not pathlib.Path(each.__file__).is_relative_to(sys.argv[1]): sys.exit(f'{each.__file__} would run')"
    )
    await run_command([sys.executable, "-c", script, str(root)], f"not the sources of {root}", environment)


async def _database_made(arena: "Arena") -> bool:
    """Make the database, as soon as the server answers."""
    server, _, name = arena.database_url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres", timeout=5)
    try:
        await connection.execute(f"create database {name}")
    finally:
        await connection.close()
    return True


def port_of(url: str) -> int:
    """The port of a URL that names one."""
    port = urlsplit(url).port
    assert port is not None
    return port
