"""The two engines, started side by side; also what the tests start."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from local_stack.kafka_engine import prepare_kafka, wait_for_kafka
from local_stack.postgres_engine import prepare_postgres, wait_for_postgres
from local_stack.processes import Process
from local_stack.settings import Settings


async def start_engines(settings: Settings, downloads: Path) -> list[Process]:
    """Start the engines that are ours and not running, wait until each answers; returns what was started."""
    started: list[Process] = []
    try:
        await _gather(_start_kafka(settings, downloads, started), _start_postgres(settings, started))
    except BaseException:
        await stop_in_order(started)
        raise
    return started


async def stop_in_order(processes: list[Process]) -> None:
    """Stop processes, the last one first, even if we are interrupted meanwhile."""
    for process in reversed(processes):
        await process.stop()


async def _start_kafka(settings: Settings, downloads: Path, started: list[Process]) -> None:
    if settings.given_kafka:
        return await wait_for_kafka(settings.given_kafka)
    running = Process("kafka", [], settings.state_dir)
    if running.pid() is None:
        running = await prepare_kafka(
            settings.state_dir, downloads, settings.kafka_port, settings.kafka_controller_port
        )
        running.start()
        started.append(running)
    await wait_for_kafka(settings.bootstrap_servers, running)


async def _start_postgres(settings: Settings, started: list[Process]) -> None:
    if settings.given_database:
        return await wait_for_postgres(settings.given_database)
    running = Process("postgres", [], settings.state_dir)
    if running.pid() is None:
        running = await prepare_postgres(settings.state_dir, settings.postgres_port)
        running.start()
        started.append(running)
    await wait_for_postgres(settings.database_url, running)


async def _gather(*waits: Coroutine[Any, Any, None]) -> None:
    """Both or neither: the first that fails cancels the other, and its error is the one that is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for wait in waits:
                group.create_task(wait)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
