"""One child process: started with a pid file and a log, found again later, stopped.

Whether it runs is told by a lock on its pid file, which it inherits and holds for as long as it lives. So a
pid file that is left over, or a number that another process got meanwhile, deceives nobody.
"""

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.errors import StackError

STOP_SECONDS: float = 30
LOCK_SECONDS: float = 2
_children: dict[int, "subprocess.Popen[bytes]"] = {}  # ours, to be waited for when they have ended


def leave_running() -> None:
    """Let what still runs outlive this process: nobody waits for it here, and subprocess does not complain of that."""
    for child in _children.values():
        child.returncode = 0
    _children.clear()


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the stack: its name, what it runs, and the signal that ends it in order."""

    name: str
    command: Sequence[str]
    state_dir: Path
    stop_signal: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None  # where it runs: where we do, unless it says so

    @property
    def pid_file(self) -> Path:
        """The file that holds the process's pid, and its lock."""
        return self.state_dir / "run" / f"{self.name}.pid"

    @property
    def log_file(self) -> Path:
        """The file to which it writes."""
        return self.state_dir / "logs" / f"{self.name}.log"

    def start(self) -> None:
        """Start it, detached from the terminal. The log of its last run is kept as NAME.log.1."""
        _reap()
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        lock = os.open(self.pid_file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(lock, self.name)
            os.ftruncate(lock, 0)
            # The shell writes the pid that exec then keeps, so there is no moment in which a process has no pid file.
            script = 'echo $$ > "$0" && exec "$@"'
            with self.log_file.open("wb") as log:
                child = subprocess.Popen(
                    ["/bin/sh", "-c", script, str(self.pid_file), *self.command],
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **self.environment},
                    pass_fds=[lock],
                    start_new_session=True,
                )
            _children[child.pid] = child
        finally:
            os.close(lock)

    def pid(self) -> int | None:
        """Its pid if it runs, else None."""
        try:
            probe = os.open(self.pid_file, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _written_pid(probe)
        finally:
            os.close(probe)
        return None

    def ended(self) -> StackError:
        """Why we cannot go on: it has ended, with the end of its log."""
        return StackError(f"{self.name} has ended by itself. The end of {self.log_file}:\n{self.log_end()}")

    def not_ready(self, seconds: int) -> StackError:
        """Why we do not wait longer for it, with the end of its log."""
        return StackError(f"{self.name} is not ready after {seconds} s. The end of {self.log_file}:\n{self.log_end()}")

    def log_end(self, lines: int = 15) -> str:
        """The last lines of its log, indented."""
        try:
            text = self.log_file.read_text(errors="replace")
        except FileNotFoundError:
            return "  (there is no log)"
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (the log is empty)"

    async def stop(self) -> bool:
        """Ask it to end, wait, insist after 30 seconds. Returns whether it ran."""
        if (pid := self.pid()) is None:
            self.pid_file.unlink(missing_ok=True)
            return False
        _signal(pid, self.stop_signal, self.name)
        deadline = time.monotonic() + STOP_SECONDS
        while self.pid() is not None:
            if time.monotonic() > deadline:
                _signal(pid, signal.SIGKILL, self.name)
                deadline += STOP_SECONDS
            await asyncio.sleep(0.02)
        if (child := _children.pop(pid, None)) is not None:
            await asyncio.to_thread(child.wait, STOP_SECONDS)  # it has let its lock go, and is about to end
        _reap()
        self.pid_file.unlink(missing_ok=True)
        return True


def require_port(port: int, variable: str, who: str) -> None:
    """Raises StackError, naming the port and the variable, if something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"port {port} for {who} is taken by another program ({error.strerror}): "
                f"stop that, or choose another port with {variable}=…"
            ) from error


def _lock(descriptor: int, name: str) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:  # somebody who asks whether it runs holds the lock for a moment
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise StackError(f"{name} runs already in this state folder") from error
            time.sleep(0.01)


def _written_pid(descriptor: int) -> int | None:
    """The pid in a locked pid file; a process that has just begun writes it within moments."""
    deadline = time.monotonic() + LOCK_SECONDS
    while not (text := os.pread(descriptor, 32, 0)).endswith(b"\n"):
        if time.monotonic() > deadline:
            return None
        time.sleep(0.005)
    return int(text)


def _signal(pid: int, number: signal.Signals, name: str) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise StackError(f"{name} (pid {pid}) belongs to another user: stop the stack as that user") from error


def _reap() -> None:
    """Take leave of children of ours that have ended, so that they do not stay as zombies."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]
