"""`python -m tests.support.running.reaper FOLDER PID` waits for a test run to end, then stops what still runs there.

A process of its own, so that even a test run that is killed leaves nothing behind.
"""

import asyncio
import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

from local_stack.postgres_engine import STOP_SIGNAL
from local_stack.processes import Process


async def keep(folder: Path, owner: int) -> None:
    """Wait until the owner has ended, or we are told to, then stop everything and remove the folder."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    try:
        loop.add_reader(os.pidfd_open(owner), ended.set)
    except ProcessLookupError:
        ended.set()
    await ended.wait()
    await asyncio.gather(*(_stop(file) for file in _pid_files(folder) if file.stem == "supervisor"))
    await asyncio.gather(*(_stop(file) for file in _pid_files(folder)))
    shutil.rmtree(folder, ignore_errors=True)


def _pid_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("run/*.pid") if file.stem != "reaper"]


async def _stop(pid_file: Path) -> None:
    name = pid_file.stem
    chosen = STOP_SIGNAL if name == "postgres" else signal.SIGTERM
    process = Process(name, [], pid_file.parents[1], stop_signal=chosen)
    if (pid := process.pid()) is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)  # a test may have paused it
    await process.stop()


if __name__ == "__main__":
    asyncio.run(keep(Path(sys.argv[1]), int(sys.argv[2])))
