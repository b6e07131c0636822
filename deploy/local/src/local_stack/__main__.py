"""`python -m local_stack run | up | down | status`: what the Makefile's targets do."""

import asyncio
import signal
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local_stack import stack
from local_stack.errors import StackError
from local_stack.follow import follow
from local_stack.settings import Settings, read_settings, running_settings

DOWNLOADS = Path(__file__).parents[4] / ".local" / "downloads"
_USAGE = "usage: python -m local_stack run|up|down|status"


async def main(command: str) -> int:
    """Carry out one command; returns the exit status."""
    console = Console(highlight=False, soft_wrap=True)
    settings = read_settings()
    stop = asyncio.Event()
    _on_signals(stop, None)
    if command == "down":
        await stack.down(running_settings(settings), console.print)
        return 0
    if command == "status":
        return await _status(running_settings(settings), console)
    starting = asyncio.create_task(stack.up(settings, DOWNLOADS, console.print))
    _on_signals(stop, starting)
    try:
        await starting
    except asyncio.CancelledError:
        console.print("interrupted: what had been started is stopped again")
        return 130
    _print_urls(settings, console)
    if command == "up":
        return 0
    return await _run(settings, console, stop)


async def _run(settings: Settings, console: Console, stop: asyncio.Event) -> int:
    console.print("Following the logs. Ctrl-C stops everything.\n")
    ended = await follow(stack.processes(settings), console, stop)
    if ended is not None:
        console.print(f"\n[red]{ended.name} has ended by itself.[/red] The end of {ended.log_file}:")
        console.print(ended.log_end(), markup=False)
    console.print("\nstopping")
    await stack.down(settings, console.print)
    return 1 if ended is not None else 0


async def _status(settings: Settings, console: Console) -> int:
    table = Table("", "pid", "where", "log", box=None)
    where = {
        "kafka": settings.bootstrap_servers,
        "postgres": f"127.0.0.1:{settings.postgres_port}",
        "ingest": settings.ingest_url,
        "timeline": settings.timeline_url,
    }
    everything = stack.processes(settings)
    for process in everything:
        pid = process.pid()
        state = str(pid) if pid else "[red]not running[/red]"
        table.add_row(process.name, state, where.get(process.name, ""), str(process.log_file))
    console.print(table)
    if settings.given_kafka:
        console.print(f"Kafka is given: {settings.given_kafka}")
    if settings.given_database:
        console.print("PostgreSQL is given by DATABASE_URL")
    projection = await stack.projection(settings)
    if projection is not None:
        records = projection["records"]
        assert isinstance(records, dict)
        counts = ", ".join(f"{records[name]} {name}" for name in ("applied", "duplicate", "rejected", "parked"))
        console.print(f"projected {records['total']} records ({counts}), {projection['lag']} behind the log")
    return 0 if all(process.pid() for process in everything) and projection is not None else 1


def _print_urls(settings: Settings, console: Console) -> None:
    console.print(f"\nDyadline is ready.\n  timelines  {settings.timeline_url}/v1/timelines")
    console.print(f"  a pair     {settings.timeline_url}/v1/timelines/IN-CN")
    console.print(f"  post       {settings.ingest_url}/v1/events   (described at {settings.ingest_url}/docs)\n")


def _on_signals(stop: asyncio.Event, starting: "asyncio.Task[None] | None") -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _interrupt, stop, starting)


def _interrupt(stop: asyncio.Event, starting: "asyncio.Task[None] | None") -> None:
    """The first signal ends what goes on: starting, or following. A stop that is under way is not cut short."""
    stop.set()
    if starting is not None:
        starting.cancel()


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["up"], ["down"], ["status"]):
        sys.exit(_USAGE)
    try:
        sys.exit(asyncio.run(main(sys.argv[1])))
    except StackError as error:
        print(f"Dyadline: {error}", file=sys.stderr)
        sys.exit(1)
