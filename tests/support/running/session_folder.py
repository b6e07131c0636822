"""One folder for a whole test run, shared by its workers. Whatever runs in it is stopped when the run ends."""

import asyncio
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local_stack.processes import Process

ROOT: Final = Path(__file__).parents[3]
DOWNLOADS: Final = ROOT / ".local" / "downloads"
_FOLDER: Final = "DYADLINE_TEST_FOLDER"
_OWNER: Final = "DYADLINE_TEST_OWNER"


def open_session_folder() -> None:
    """Make the folder, in the process that owns the run; its workers find it in the environment."""
    os.environ[_FOLDER] = tempfile.mkdtemp(prefix="dyadline-tests-")
    os.environ[_OWNER] = str(os.getpid())


def close_session_folder() -> None:
    """Stop whatever still runs in the folder, and remove it."""
    folder = Path(os.environ.pop(_FOLDER))
    asyncio.run(_reaper(folder).stop())
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def borrowed_session(folder: Path) -> Iterator[None]:
    """Where no test run has made a folder of its own, take this one for it meanwhile; what runs in it is not kept."""
    if _FOLDER in os.environ:
        yield
        return
    os.environ[_FOLDER] = str(folder)
    os.environ[_OWNER] = str(os.getpid())
    try:
        yield
    finally:
        del os.environ[_FOLDER], os.environ[_OWNER]


def session_folder() -> Path:
    """The run's folder."""
    return Path(os.environ[_FOLDER])


def watch_session_folder() -> None:
    """See to it that what is started in the folder ends with the run, however that ends. Call before starting it."""
    reaper = _reaper(session_folder())
    with (session_folder() / "reaper.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be about to do the same
        if reaper.pid() is None:
            reaper.start()


def _reaper(folder: Path) -> Process:
    command = [sys.executable, "-m", "tests.support.running.reaper", str(folder), os.environ[_OWNER]]
    return Process("reaper", command, folder, environment={"PYTHONPATH": str(ROOT)})
