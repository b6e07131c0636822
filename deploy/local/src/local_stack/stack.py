"""The whole stack: engines, topic, migrations, services and samples, in this order; and stopped in reverse."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from event_schemas.records import TOPIC
from local_stack.engines import ENGINES, engine, is_given, prepare_engine, start_engines, stop_in_order, wait_for_engine
from local_stack.errors import StackError
from local_stack.ports import listeners, require_port
from local_stack.processes import Process
from local_stack.record import is_wanted, recorded_settings, write_record, write_unwanted
from local_stack.restarts import restarts_file
from local_stack.samples import load_samples
from local_stack.services import SERVICES, migrate, service, wait_until_ready
from local_stack.settings import Settings
from local_stack.state_lock import exclusive
from local_stack.supervisor import supervisor, wait_until_watching
from local_stack.topic import create_topic, require_fit_topic

SUPERVISOR: Final = "supervisor"
NAMES: Final = (*ENGINES, *SERVICES, SUPERVISOR)
Say = Callable[[str], None]


def processes(settings: Settings) -> list[Process]:
    """Every process that a stack with these settings has, in the order of its start."""
    return [_process(settings, name) for name in NAMES if not is_given(settings, name)]


async def up(settings: Settings, downloads: Path, say: Say, stop: asyncio.Event) -> None:
    """Start whatever is not running, restart what has other settings now, and wait until all of it is ready.

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
    """Stop all of it in order: the supervisor, the services, then the engines that are ours.

    Whatever is halted (SIGSTOP) is resumed first, since others may be waiting for it; raises StackError in the end
    if something could not be stopped.
    """
    async with exclusive(settings.state_dir, say, stop):
        for name in NAMES:
            if _process(settings, name).resume():
                say(f"resumed {name}, which was halted")
        problems = await _stop_together([supervisor(settings)], say)
        write_unwanted(settings)
        for names in (SERVICES, ENGINES):
            problems += await _stop_together((_process(settings, name) for name in reversed(names)), say)
        restarts_file(settings.state_dir).unlink(missing_ok=True)
        if problems:
            raise problems[0]


async def supervise_again(settings: Settings, say: Say) -> bool:
    """Start a supervisor if there should be one and is none; returns False when the stack was brought down.

    Waits for a start or stop that is under way.
    """
    async with exclusive(settings.state_dir, say, asyncio.Event()):
        if not is_wanted(settings):
            return False
        fresh = supervisor(settings)
        if fresh.pid() is None:
            say(f"supervisor has ended, {fresh.how_it_ended()}: starting another")
            fresh.start()
            await wait_until_watching(fresh)
    return True


async def _up(settings: Settings, downloads: Path, say: Say, started: list[Process]) -> None:
    _require_ports(settings)
    for name in ENGINES:
        if is_given(settings, name):  # and must answer, before anything is stopped for it
            await wait_for_engine(settings, name)
    await _stop_changed(settings, downloads, say)
    write_record(settings, wanted=True)
    running = {process.name for process in processes(settings) if process.pid() is not None}
    if missing := [name for name in ENGINES if name not in running and not is_given(settings, name)]:
        say(f"starting {' and '.join(missing)} (the first time fetches and lays out what is missing)")
    started += await start_engines(settings, downloads)
    await create_topic(settings.kafka, TOPIC)
    await require_fit_topic(settings.kafka, TOPIC)
    await migrate(settings)
    for name in (*SERVICES, SUPERVISOR):
        if name not in running:
            say(f"starting {name}")
            process = _process(settings, name)
            process.start()
            started.append(process)
    for name in SERVICES:
        await wait_until_ready(settings, service(settings, name), say)
    await wait_until_watching(supervisor(settings))
    if loaded := await load_samples(settings, TOPIC):
        say(f"loaded {loaded} sample events")


async def _stop_changed(settings: Settings, downloads: Path, say: Say) -> None:
    """Stop what these settings concern and others started, or what they give instead; the last one first."""
    for name in reversed(NAMES):
        process = _process(settings, name)
        if process.pid() is None:
            continue
        if is_given(settings, name):
            say(f"stopping {name}: another one is given")
            await process.stop()
            continue
        wanted = await prepare_engine(settings, downloads, name) if name in ENGINES else process
        if changes := wanted.changes():
            say(f"restarting {name}: {', '.join(changes)} {'has' if len(changes) == 1 else 'have'} changed")
            await process.stop()


async def _stop_together(stopping: Iterable[Process], say: Say) -> list[StackError]:
    """Stop processes at once, say of each how that went, and return what went wrong."""
    outcomes = await asyncio.gather(*(process.stop() for process in stopping), return_exceptions=True)
    problems: list[StackError] = []
    for outcome in outcomes:
        if isinstance(outcome, StackError):
            problems.append(outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
        elif outcome:
            say(outcome)
    return problems


def _process(settings: Settings, name: str) -> Process:
    if name in ENGINES:
        return engine(settings, name)
    return supervisor(settings) if name == SUPERVISOR else service(settings, name)


def _require_ports(settings: Settings) -> None:
    """All at once, before anything is started or stopped. What we have ourselves is, or becomes, free."""
    before = recorded_settings(settings)
    running = [process.name for process in processes(before) if process.pid() is not None]
    ours = {listener.port for name in running for listener in listeners(before, name)}
    for process in processes(settings):
        for listener in listeners(settings, process.name):
            if listener.port not in ours:
                require_port(listener)
