"""Who holds a process's lock: the process, the shell around it, and whatever it has started that inherited the lock."""

import os
import signal
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def lock_holders(pid_file: Path) -> list[int]:
    """The pids of those that have the file open for writing; who only asks whether the process runs does not."""
    try:
        file = os.stat(pid_file)
    except FileNotFoundError:
        return []
    return [pid for pid in _pids() if pid != os.getpid() and _writes_to(pid, file)]


def are_halted(pids: Iterable[int]) -> bool:
    """Whether one of them was halted by SIGSTOP or a terminal."""
    return any(_state(pid) == "T" for pid in pids)


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Signal each of them that still is there and is ours."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _writes_to(pid: int, file: os.stat_result) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        links = [f"{folder}/{name}" for name in os.listdir(folder)]
    except OSError:  # it has ended, or is another user's
        return False
    for link in links:
        with suppress(OSError):
            if os.lstat(link).st_mode & stat.S_IWUSR and os.path.samestat(os.stat(link), file):
                return True
    return False


def _state(pid: int) -> str:
    """The letter that the kernel has for what a process does; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
