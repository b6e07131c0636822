"""The whole stack: engines, topic, migrations, services and samples, in this order; and stopped in reverse."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from signal import SIGTERM
from typing import Final

from event_schemas.records import TOPIC
from local_stack.engines import start_engines, stop_in_order
from local_stack.errors import StackError
from local_stack.ports import require_port
from local_stack.postgres_engine import STOP_SIGNAL
from local_stack.processes import Process
from local_stack.samples import load_samples
from local_stack.services import SERVICES, migrate, service, wait_until_ready
from local_stack.settings import Settings, read_record
from local_stack.state_lock import exclusive
from local_stack.topic import create_topic, require_fit_topic

NAMES: Final = ("kafka", "postgres", *SERVICES)
Say = Callable[[str], None]


def processes(settings: Settings) -> list[Process]:
    """Every process that a stack with these settings has, in the order of its start."""
    given = {"kafka": settings.given_kafka, "postgres": settings.given_database}
    return [_process(settings, name) for name in NAMES if not given.get(name)]


async def up(settings: Settings, downloads: Path, say: Say, stop: asyncio.Event) -> None:
    """Start whatever is not running, and wait until all of it is ready.

    Raises StackError, and stops again what it started, if something cannot start or if it is cancelled.
    """
    started: list[Process] = []
    async with exclusive(settings.state_dir, say, stop):
        try:
            await _up(settings, downloads, say, started)
        except BaseException:
            if started:
                say("stopping what had been started")
            await stop_in_order(started)
            raise


async def down(settings: Settings, say: Say, stop: asyncio.Event) -> None:
    """Stop all of it in order: the services first, then the engines that are ours."""
    async with exclusive(settings.state_dir, say, stop):
        for name in reversed(NAMES):
            if how := await _process(settings, name).stop():
                say(how)
        settings.record.unlink(missing_ok=True)


async def was_stopped_elsewhere(settings: Settings, say: Say, stop: asyncio.Event) -> bool:
    """Whether somebody else has brought the stack down; waits for a stop that is under way."""
    async with exclusive(settings.state_dir, say, stop):
        return not settings.record.exists()


async def _up(settings: Settings, downloads: Path, say: Say, started: list[Process]) -> None:
    mine = processes(settings)
    running = {process.name for process in mine if process.pid() is not None}
    _require_same(settings, running)
    _require_ports(settings, running)
    _write_record(settings)
    if missing := [process.name for process in mine[: -len(SERVICES)] if process.name not in running]:
        say(f"starting {' and '.join(missing)} (the first time fetches and lays out what is missing)")
    started += await start_engines(settings, downloads)
    await create_topic(settings.bootstrap_servers, TOPIC)
    await require_fit_topic(settings.bootstrap_servers, TOPIC)
    await migrate(settings)
    services = [service(settings, name) for name in SERVICES]
    for process in services:
        if process.name not in running:
            say(f"starting {process.name}")
            process.start()
            started.append(process)
    for process in services:
        await wait_until_ready(settings, process)
    if loaded := await load_samples(settings, TOPIC):
        say(f"loaded {loaded} sample events")


def _process(settings: Settings, name: str) -> Process:
    if name in SERVICES:
        return service(settings, name)
    return Process(name, [], settings.state_dir, STOP_SIGNAL if name == "postgres" else SIGTERM)


def _require_same(settings: Settings, running: set[str]) -> None:
    if running and (differences := settings.differences(read_record(settings))):
        raise StackError(
            f"{', '.join(sorted(running))} already runs in {settings.state_dir} with {' '.join(differences)}: "
            "use the same, or make down first"
        )


def _require_ports(settings: Settings, running: set[str]) -> None:
    """All at once, before anything is started."""
    wanted = [
        ("ingest", settings.ingest_port, "INGEST_PORT", "the ingest service"),
        ("timeline", settings.timeline_port, "TIMELINE_PORT", "the timeline service"),
    ]
    if not settings.given_kafka:
        wanted.append(("kafka", settings.kafka_port, "KAFKA_PORT", "Kafka"))
        wanted.append(("kafka", settings.kafka_controller_port, "KAFKA_CONTROLLER_PORT", "Kafka's controller"))
    if not settings.given_database:
        wanted.append(("postgres", settings.postgres_port, "POSTGRES_PORT", "PostgreSQL"))
    for name, port, variable, who in wanted:
        if name not in running:
            require_port(port, variable, who)


def _write_record(settings: Settings) -> None:
    fresh = settings.record.with_suffix(".new")
    fresh.write_text(json.dumps(settings.written()))
    fresh.replace(settings.record)
