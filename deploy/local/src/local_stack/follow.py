"""The logs of a running stack, followed until somebody stops it or something ends by itself."""

import asyncio
from pathlib import Path

from rich.console import Console
from rich.text import Text

from local_stack.processes import Process

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")


async def follow(processes: list[Process], console: Console, stop: asyncio.Event) -> Process | None:
    """Print what the processes write. Returns the first that ended by itself, or None when told to stop."""
    places: dict[Path, int] = {process.log_file: _size(process.log_file) for process in processes}
    while not stop.is_set():
        for process, colour in zip(processes, _COLOURS, strict=False):
            places[process.log_file] = _print_new(process, colour, places[process.log_file], console)
        for process in processes:
            if process.pid() is None and not stop.is_set():
                return process
        try:
            await asyncio.wait_for(stop.wait(), 0.3)
        except TimeoutError:
            continue
    return None


def _print_new(process: Process, colour: str, start: int, console: Console) -> int:
    try:
        with process.log_file.open("rb") as log:
            log.seek(start)
            fresh = log.read()
    except FileNotFoundError:
        return start
    whole = fresh.rpartition(b"\n")[0]
    for line in whole.decode(errors="replace").splitlines():
        console.print(Text(f"{process.name:<10}", style=colour) + Text(line), soft_wrap=True, highlight=False)
    return start + (len(whole) + 1 if whole else 0)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
