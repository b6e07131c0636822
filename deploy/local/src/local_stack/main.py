"""The commands: `run`, `up`, `down`, `status`, and `fetch`, which only downloads what the stack needs."""

import asyncio
import signal
from typing import Final

from local_stack import stack
from local_stack.follow import LogFollower
from local_stack.kafka_archive import kafka_jars
from local_stack.record import is_wanted, recorded_settings
from local_stack.restarts import read_restarts
from local_stack.services import projection, rebuilding
from local_stack.settings import DOWNLOADS, Settings, read_own_settings, read_settings
from local_stack.supervisor import supervisor
from local_stack.terminal import Terminal

INTERRUPTED: Final = 130


async def main(command: str) -> int:
    """Carry out one command; returns the exit status, or raises StackError."""
    terminal = Terminal()
    settings = read_own_settings() if command in {"down", "status"} else read_settings()
    stop = asyncio.Event()
    if command == "down":
        _on_signals(stop, None)
        await stack.down(recorded_settings(settings), terminal.say, stop)
        return 0
    if command == "status":
        return await _status(recorded_settings(settings), terminal)
    if command == "fetch":
        await kafka_jars(DOWNLOADS)
        return 0
    starting = asyncio.create_task(stack.up(settings, DOWNLOADS, terminal.say, stop))
    _on_signals(stop, starting)
    try:
        await starting
    except asyncio.CancelledError:
        terminal.say("interrupted: nothing that was started is left running")
        return INTERRUPTED
    _print_urls(settings, terminal)
    return 0 if command == "up" else await _run(settings, terminal, stop)


async def _run(settings: Settings, terminal: Terminal, stop: asyncio.Event) -> int:
    terminal.say("Following the logs. Ctrl-C stops everything.\n")
    logs = LogFollower(stack.processes(settings), terminal)
    while True:
        await logs.follow(supervisor(settings), stop)
        if stop.is_set() or terminal.gone:
            break
        if not await stack.supervise_again(settings, terminal.say):
            terminal.say("\nThe stack was stopped by make down.")
            return 0
    terminal.say("\nstopping")
    await stack.down(settings, terminal.say, asyncio.Event())
    return 0


async def _status(settings: Settings, terminal: Terminal) -> int:
    where = {
        "kafka": settings.bootstrap_servers,
        "postgres": f"127.0.0.1:{settings.postgres_port}",
        "ingest": settings.ingest_url,
        "timeline": settings.timeline_url,
        "projector": settings.probes_url("projector"),
        "replayer": settings.probes_url("replayer"),
    }
    everything = stack.processes(settings)
    restarts = read_restarts(settings.state_dir)
    for process in everything:
        pid = process.pid()
        state = f"pid {pid}".ljust(12) if pid else terminal.colour("not running ", "red")
        terminal.say(f"{process.name:<10} {state}  {where.get(process.name, ''):<22}  {process.log_file}")
        if (known := restarts.get(process.name)) and (words := known.words(runs=pid is not None)):
            terminal.say(" " * 11 + terminal.colour(words, "yellow" if pid else "red"))
            if known.given_up and not pid:
                terminal.say(f"{' ' * 11}The end of its log:\n{process.log_end()}")
    if settings.given_kafka:
        terminal.say(f"{'kafka':<10} {'given':<12}  {settings.given_kafka}")
    if settings.given_database:
        terminal.say(f"{'postgres':<10} {'given':<12}  by DATABASE_URL")
    status = await projection(settings)
    if not is_wanted(settings):
        terminal.say("the stack is down: make up starts it")
    elif status is None:
        words = await rebuilding(settings, "queued", "running")
        terminal.say(words or "the timeline service does not say how far the projection is")
    else:
        terminal.say(_progress(status))
        for reason in _stopped(status):
            terminal.say(terminal.colour(reason, "red"))
    return 0 if all(process.pid() for process in everything) and status is not None else 1


def _progress(status: dict[str, object]) -> str:
    records = status["records"]
    assert isinstance(records, dict)
    counts = ", ".join(f"{records[name]} {name}" for name in ("applied", "duplicate", "rejected", "parked"))
    return f"projected {records['total']} records ({counts}), {status['lag']} behind the log"


def _stopped(status: dict[str, object]) -> list[str]:
    """Why partitions are projected no further."""
    reasons: dict[str, list[str]] = {}
    partitions = status["partitions"]
    assert isinstance(partitions, list)
    for item in partitions:
        if item["stopped"] is not None:
            reasons.setdefault(item["stopped"], []).append(str(item["partition"]))
    return [f"stopped: partitions {', '.join(numbers)}: {reason}" for reason, numbers in reasons.items()]


def _print_urls(settings: Settings, terminal: Terminal) -> None:
    terminal.say(
        f"\nDyadline is ready.\n  timelines  {settings.timeline_url}/   (for programs: {settings.timeline_url}/docs)"
    )
    terminal.say(f"  a pair     {settings.timeline_url}/timelines/CHN-IND")
    terminal.say(f"  audit      {settings.timeline_url}/audit")
    terminal.say(f"  post       {settings.ingest_url}/v1/events   (described at {settings.ingest_url}/docs)\n")


def _on_signals(stop: asyncio.Event, starting: "asyncio.Task[None] | None") -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _interrupt, stop, starting)


def _interrupt(stop: asyncio.Event, starting: "asyncio.Task[None] | None") -> None:
    """The first signal ends what goes on: starting, or following. The stop that it brings about is not cut short."""
    if starting is not None and not stop.is_set():
        starting.cancel()
    stop.set()
