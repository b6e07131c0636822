"""The whole stack: engines, topic, migrations, services and samples, in this order; and stopped in reverse."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from event_schemas.records import TOPIC
from local_stack.engines import start_engines, stop_in_order
from local_stack.errors import StackError
from local_stack.postgres_engine import STOP_SIGNAL
from local_stack.processes import Process, require_port
from local_stack.samples import load_samples
from local_stack.settings import Settings
from local_stack.topic import create_topic

NAMES: Final = ("kafka", "postgres", "ingest", "projector", "timeline")
READY_SECONDS: Final = 60
Say = Callable[[str], None]


def processes(settings: Settings) -> list[Process]:
    """Every process that a stack with these settings has, in the order of its start."""
    given = {"kafka": settings.given_kafka, "postgres": settings.given_database}
    return [_process(settings, name) for name in NAMES if not given.get(name)]


async def up(settings: Settings, downloads: Path, say: Say) -> None:
    """Start whatever is not running, and wait until all of it is ready.

    Raises StackError, and stops again what it started, if something cannot start or if it is interrupted.
    """
    started: list[Process] = []
    with _alone(settings):
        try:
            await _up(settings, downloads, say, started)
        except BaseException:
            await asyncio.shield(stop_in_order(started))
            raise


async def down(settings: Settings, say: Say) -> None:
    """Stop all of it in order: the services first, then the engines that are ours."""
    with _alone(settings):
        for name in reversed(NAMES):
            if await _process(settings, name).stop():
                say(f"stopped {name}")
        settings.record.unlink(missing_ok=True)


async def projection(settings: Settings) -> dict[str, object] | None:
    """What the timeline service says of the projection, or None if it does not answer."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            answer = await client.get(f"{settings.timeline_url}/v1/status")
        except httpx.HTTPError:
            return None
    return answer.json() if answer.status_code == 200 else None


async def _up(settings: Settings, downloads: Path, say: Say, started: list[Process]) -> None:
    mine = processes(settings)
    running = [process.name for process in mine if process.pid() is not None]
    if running and (differences := settings.differences(_record(settings))):
        raise StackError(
            f"{', '.join(running)} already runs here with {', '.join(differences)}: use the same, or make down first"
        )
    _require_ports(settings, running)
    settings.record.parent.mkdir(parents=True, exist_ok=True)
    settings.record.write_text(json.dumps(settings.written()))
    if not {"kafka", "postgres"} <= set(running):
        say("starting Kafka and PostgreSQL (the first time fetches what is missing)")
    started += await start_engines(settings, downloads)
    await create_topic(settings.bootstrap_servers, TOPIC)
    await asyncio.to_thread(_migrate, settings)
    services = [process for process in mine if process.name in NAMES[2:]]
    for process in services:
        if process.pid() is None:
            say(f"starting {process.name}")
            process.start()
            started.append(process)
    for process in services:
        await _wait_until_ready(settings, process)
    if loaded := await load_samples(settings, TOPIC):
        say(f"loaded {loaded} sample events")


def _process(settings: Settings, name: str) -> Process:
    if name == "postgres":
        return Process(name, [], settings.state_dir, STOP_SIGNAL)
    commands = {
        "ingest": ["-m", "ingest_service.cli", "serve"],
        "projector": ["-m", "timeline_service.cli", "project"],
        "timeline": ["-m", "timeline_service.cli", "serve"],
    }
    command = [sys.executable, *commands[name]] if name in commands else []
    return Process(name, command, settings.state_dir, environment=_environment(settings))


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "DATABASE_URL": settings.database_url,
        "INGEST_PORT": str(settings.ingest_port),
        "TIMELINE_PORT": str(settings.timeline_port),
        "INGEST_URL": settings.ingest_url,
        "TIMELINE_URL": settings.timeline_url,
        "PYTHONUNBUFFERED": "1",
    }


def _migrate(settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "timeline_service.cli", "migrate"],
        env={**os.environ, **_environment(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackError(f"the database could not be migrated:\n{done.stdout}{done.stderr}")


def _require_ports(settings: Settings, running: list[str]) -> None:
    if "ingest" not in running:
        require_port(settings.ingest_port, "INGEST_PORT", "the ingest service")
    if "timeline" not in running:
        require_port(settings.timeline_port, "TIMELINE_PORT", "the timeline service")


async def _wait_until_ready(settings: Settings, process: Process) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not await _is_ready(settings, process):
        if process.pid() is None:
            raise process.ended()
        if time.monotonic() > deadline:
            raise StackError(
                f"{process.name} is not ready after {READY_SECONDS} s. The end of {process.log_file}:\n"
                f"{process.log_end()}"
            )
        await asyncio.sleep(0.1)


async def _is_ready(settings: Settings, process: Process) -> bool:
    """A service is ready when it says so, the projector when it owns partitions."""
    if process.name == "projector":
        status = await projection(settings)
        partitions = status["partitions"] if status else []
        assert isinstance(partitions, list)
        return any(str(item["owner"]).endswith(f"/{process.pid()}") for item in partitions)
    url = settings.ingest_url if process.name == "ingest" else settings.timeline_url
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            return (await client.get(f"{url}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False


def _record(settings: Settings) -> dict[str, object]:
    try:
        record = json.loads(settings.record.read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One start or stop at a time in a state folder; the lock goes with whoever holds it."""
    folder = settings.state_dir / "run"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"STATE_DIR={settings.state_dir} cannot be written: {error.strerror}") from error
    lock = os.open(folder / "stack.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StackError(f"another start or stop is at work in {settings.state_dir}: wait for it") from error
    finally:
        os.close(lock)
