"""The two engines, started side by side; also what the tests start."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

from local_stack.kafka_engine import prepare_kafka, wait_for_kafka
from local_stack.postgres_engine import STOP_SIGNAL, prepare_postgres, wait_for_postgres
from local_stack.processes import Process
from local_stack.settings import Settings

#: Their names, in the order of their start.
ENGINES: Final = ("kafka", "postgres")


def is_given(settings: Settings, name: str) -> bool:
    """Whether this engine is another's: we use it, and neither start nor stop it."""
    return bool({"kafka": settings.given_kafka, "postgres": settings.given_database}.get(name))


def engine(settings: Settings, name: str) -> Process:
    """An engine that may run: enough to find and to stop it."""
    if name == "postgres":
        return Process(name, [], settings.state_dir, STOP_SIGNAL)
    return Process(name, [], settings.state_dir)


async def prepare_engine(settings: Settings, downloads: Path, name: str) -> Process:
    """An engine that can be started: what it needs is fetched and laid out; raises StackError."""
    if name == "kafka":
        return await prepare_kafka(settings.state_dir, downloads, settings.kafka_port, settings.kafka_controller_port)
    return await prepare_postgres(settings.state_dir, settings.postgres_port)


async def wait_for_engine(settings: Settings, name: str) -> None:
    """Wait until an engine answers, ours or a given one; raises StackError when it ends or takes too long."""
    running = None if is_given(settings, name) else engine(settings, name)
    if name == "kafka":
        await wait_for_kafka(settings.kafka, running)
    else:
        await wait_for_postgres(settings.database_url, running)


async def start_engines(settings: Settings, downloads: Path) -> list[Process]:
    """Start the engines that are ours and not running, wait until each answers; returns what was started."""
    started: list[Process] = []
    try:
        await _gather(*(_start(settings, downloads, name, started) for name in ENGINES))
    except BaseException:
        await stop_in_order(started)
        raise
    return started


async def stop_in_order(processes: list[Process]) -> None:
    """Stop processes, the last one first, even if we are interrupted meanwhile."""
    for process in reversed(processes):
        await process.stop()


async def _start(settings: Settings, downloads: Path, name: str, started: list[Process]) -> None:
    if not is_given(settings, name) and engine(settings, name).pid() is None:
        prepared = await prepare_engine(settings, downloads, name)
        prepared.start()
        started.append(prepared)
    await wait_for_engine(settings, name)


async def _gather(*waits: Coroutine[Any, Any, None]) -> None:
    """Both or neither: the first that fails cancels the other, and its error is the one that is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for wait in waits:
                group.create_task(wait)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
