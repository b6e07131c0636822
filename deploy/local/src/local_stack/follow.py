"""The logs of a running stack, followed until somebody stops it or something ends by itself."""

import asyncio
from pathlib import Path

from local_stack.processes import Process
from local_stack.terminal import Terminal, printable

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")


async def follow(processes: list[Process], terminal: Terminal, stop: asyncio.Event) -> Process | None:
    """Print what the processes write. Returns the first that ended by itself, or None when told to stop."""
    places: dict[Path, int] = {process.log_file: _size(process.log_file) for process in processes}
    while not (stop.is_set() or terminal.gone):
        for process, colour in zip(processes, _COLOURS, strict=False):
            places[process.log_file] = _print_new(process, colour, places[process.log_file], terminal)
        for process in processes:
            if process.pid() is None and not stop.is_set():
                return process
        try:
            await asyncio.wait_for(stop.wait(), 0.3)
        except TimeoutError:
            continue
    return None


def _print_new(process: Process, colour: str, start: int, terminal: Terminal) -> int:
    """Print the whole lines from `start` on; returns where the next one begins."""
    if _size(process.log_file) < start:  # started again, with a new log
        start = 0
    try:
        with process.log_file.open("rb") as log:
            log.seek(start)
            fresh = log.read()
    except FileNotFoundError:
        return start
    whole, end, _ = fresh.rpartition(b"\n")
    for line in whole.decode(errors="replace").splitlines():
        terminal.say(terminal.colour(f"{process.name:<10}", colour) + printable(line))
    return start + len(whole) + len(end)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
