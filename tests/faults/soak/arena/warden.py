"""`python -m tests.faults.soak.arena.warden FOLDER PID`: waits for the owner of an arena to end, then clears it away.

A process of its own, so that even a run that is killed leaves no process and no disk behind.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
from tests.faults.soak.arena.disks import mounts_under, unmount
from tests.faults.soak.arena.members import marked

_ROUNDS: Final = 50


async def keep(folder: Path, owner: int) -> None:
    """Wait until the owner has ended, or we are told to, then clear the arena away."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    try:
        loop.add_reader(os.pidfd_open(owner), ended.set)
    except ProcessLookupError:
        ended.set()
    await ended.wait()
    await clear_away(folder)


async def clear_away(folder: Path) -> list[str]:
    """Kill whatever still belongs to the arena, and unmount its disks; returns what there was of it."""
    found: list[str] = []
    for _ in range(_ROUNDS):
        left = marked(folder)
        if not left:
            break
        for process in left:
            with suppress(psutil.NoSuchProcess):
                found.append(f"{process.pid} {' '.join(process.cmdline())[:200]}")
                process.kill()
        await asyncio.sleep(0.05)
    for place in mounts_under(folder):
        found.append(f"mounted {place}")
        unmount(place)
    return found


async def start_warden(folder: Path, root: Path) -> asyncio.subprocess.Process:
    """Have the arena in a folder cleared away when this process ends, however it ends."""
    command = (sys.executable, "-m", "tests.faults.soak.arena.warden", str(folder), str(os.getpid()))
    return await asyncio.create_subprocess_exec(*command, cwd=root, start_new_session=True)


if __name__ == "__main__":
    asyncio.run(keep(Path(sys.argv[1]), int(sys.argv[2])))
