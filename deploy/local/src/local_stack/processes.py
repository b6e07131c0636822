"""One child process: started with a pid file and a log, found again later, stopped.

Whether it runs is told by a lock on its pid file, which it inherits and holds for as long as it lives, and so does
whatever it starts that lives on without it. So a pid file that is left over, or a number that another process got
meanwhile, deceives nobody.

A shell is its parent, buries it when it has ended, and writes down how it ended: whoever started it may be long gone.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local_stack.errors import StackError
from local_stack.lock_holders import are_halted, lock_holders, signal_all

STOP_SECONDS: float = 30
LOCK_SECONDS: float = 2
# The inner shell writes the pid that exec then keeps, so there is no moment in which a process has no pid file.
_PARENT: Final = '/bin/sh -c "$@"; echo $? > "$0"'
_CHILD: Final = 'echo $$ > "$0" && exec "$@"'
_COMMAND: Final = "the command"
_CODE: Final = "the code"
_children: dict[Path, "subprocess.Popen[bytes]"] = {}  # ours, to be waited for when they have ended


def leave_running() -> None:
    """Let what still runs outlive this process: nobody waits for it here, and subprocess does not complain of that."""
    for child in _children.values():
        child.returncode = 0
    _children.clear()


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the stack: its name, what it runs, and the signal that ends it in order.

    `environment` holds what concerns it, and `code` a digest of what it runs, as far as that is ours: where one of
    these differs, it has to be started again.
    """

    name: str
    command: Sequence[str]
    state_dir: Path
    stop_signal: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None  # where it runs: where we do, unless it says so
    code: str = ""

    @property
    def pid_file(self) -> Path:
        """The file that holds the process's pid, and its lock."""
        return self.state_dir / "run" / f"{self.name}.pid"

    @property
    def log_file(self) -> Path:
        """The file to which it writes."""
        return self.state_dir / "logs" / f"{self.name}.log"

    @property
    def end_file(self) -> Path:
        """The file that says with which exit status it has ended."""
        return self.pid_file.with_suffix(".ended")

    def start(self) -> None:
        """Start it, detached from the terminal. The log of its last run is kept as NAME.log.1."""
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.pid_file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(lock, self.name)
            self._bury()
            if self.log_file.exists():
                self.log_file.replace(self.log_file.with_suffix(".log.1"))
            os.ftruncate(lock, 0)
            self.end_file.unlink(missing_ok=True)
            self._write_settings()
            with self.log_file.open("wb") as log:
                self._launch(lock, log.fileno())
        finally:
            os.close(lock)

    def pid(self) -> int | None:
        """Its pid if it runs, else None."""
        return _written_pid(self.pid_file) if _is_locked(self.pid_file) else None

    def changes(self) -> list[str]:
        """What is not as it was when it was started: its code, or variables of its environment; else "the command"."""
        try:
            then = dict(json.loads(self._settings_file.read_text()))
        except (OSError, ValueError):
            then = {}
        now = self._digests()
        changed = {name for name in then.keys() | now.keys() if then.get(name) != now.get(name)}
        return sorted(changed - {_COMMAND}) or sorted(changed)

    def how_it_ended(self) -> str:
        """In words: "killed by SIGKILL", or "with exit status 1"."""
        try:
            status = int(self.end_file.read_text())
        except (OSError, ValueError):
            return "nobody saw how"
        if status - 128 in set(signal.Signals):  # as shells have it
            return f"killed by {signal.Signals(status - 128).name}"
        return f"with exit status {status}"

    def ended(self) -> StackError:
        """Why we cannot go on: it has ended, with the end of its log."""
        return StackError(
            f"{self.name} has ended by itself, {self.how_it_ended()}. The end of {self.log_file}:\n{self.log_end()}"
        )

    def not_ready(self, seconds: float) -> StackError:
        """Why we do not wait longer for it, with the end of its log."""
        return StackError(f"{self.name} is not ready after {seconds} s. The end of {self.log_file}:\n{self.log_end()}")

    def log_end(self, lines: int = 15) -> str:
        """The last lines of its log, indented."""
        try:
            text = self.log_file.read_text(errors="replace")
        except FileNotFoundError:
            return "  (there is no log)"
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (the log is empty)"

    def resume(self) -> bool:
        """Let it go on if it was halted (SIGSTOP); returns whether it was."""
        halted = are_halted(holders := lock_holders(self.pid_file))
        if halted:
            signal_all(holders, signal.SIGCONT)
        return halted

    async def stop(self) -> str:
        """Ask it to end, wait, and after 30 seconds kill it with all that it has started.

        Returns how that went, in words; empty if it did not run. Raises StackError if it outlives even that.
        """
        words = ""
        if _is_locked(self.pid_file):
            words = f"stopped {self.name}" + (", which was halted" if self.resume() else "")
            if (pid := self.pid()) is not None:
                _signal(pid, self.stop_signal, self.name)
            if not await self._is_gone():
                words = f"killed {self.name}: {STOP_SECONDS:g} s after it was asked to end it still ran"
                signal_all(lock_holders(self.pid_file), signal.SIGKILL)
                if not await self._is_gone():
                    pids = ", ".join(map(str, lock_holders(self.pid_file)))
                    raise StackError(f"{self.name} (pid {pids}) does not end even when killed: look at its disk")
        self._bury()
        for file in (self.pid_file, self.end_file, self._settings_file):
            file.unlink(missing_ok=True)
        return words

    async def _is_gone(self) -> bool:
        """Wait until nothing of it is left; returns whether that was soon enough."""
        deadline = time.monotonic() + STOP_SECONDS
        while _is_locked(self.pid_file):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True

    def _bury(self) -> None:
        """Wait for the shell around its last run, if that is ours: it has let the lock go, and is about to end."""
        if (child := _children.pop(self.pid_file, None)) is not None:
            child.wait(STOP_SECONDS)

    def _launch(self, lock: int, log: int) -> None:
        _children[self.pid_file] = subprocess.Popen(
            ["/bin/sh", "-c", _PARENT, str(self.end_file), _CHILD, str(self.pid_file), *self.command],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment},
            pass_fds=[lock],
            start_new_session=True,
        )

    def _write_settings(self) -> None:
        self._settings_file.unlink(missing_ok=True)
        self._settings_file.touch(0o600)
        self._settings_file.write_text(json.dumps(self._digests()))

    def _digests(self) -> dict[str, str]:
        """What it is started with, unreadable: a password may be part of it."""
        parts = {_COMMAND: "\0".join(self.command), **({_CODE: self.code} if self.code else {}), **self.environment}
        return {name: hashlib.sha256(value.encode()).hexdigest() for name, value in parts.items()}

    @property
    def _settings_file(self) -> Path:
        return self.pid_file.with_suffix(".settings")


def _is_locked(pid_file: Path) -> bool:
    try:
        probe = os.open(pid_file, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(probe)
    return False


def _lock(descriptor: int, name: str) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:  # somebody who asks whether it runs holds the lock for a moment
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise StackError(f"{name} runs already in this state folder") from error
            time.sleep(0.01)


def _written_pid(pid_file: Path) -> int | None:
    """The pid in a locked pid file; a process that has just begun writes it within moments."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            text = pid_file.read_text()
        except FileNotFoundError:
            return None
        if text.endswith("\n"):
            return int(text)
        if time.monotonic() > deadline:
            return None
        time.sleep(0.005)


def _signal(pid: int, number: signal.Signals, name: str) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise StackError(f"{name} (pid {pid}) belongs to another user: stop the stack as that user") from error
