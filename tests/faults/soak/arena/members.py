"""The processes of an arena: each is started again when it ends, unless a fault holds it down."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

MARK: Final = "DYADLINE_ARENA"
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_LONG_RUN: Final = 30.0
_END_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class End:
    """A process that has ended although no fault had ended it."""

    name: str
    at: float  # seconds since the epoch
    status: int  # negative: the signal that ended it
    log_end: str


@dataclass(slots=True, eq=False)
class Member:
    """One process of an arena, and the supervisor that starts it again, after ever longer pauses."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_file: Path
    report: Callable[[End], None]
    folder: Path | None = None
    starts: int = 0
    excused: int = 0  # how many faults explain that it may end by itself
    _process: asyncio.subprocess.Process | None = None
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _ended_by_us: bool = False
    _supervisor: "asyncio.Task[None] | None" = None

    @property
    def pid(self) -> int | None:
        """Its pid while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        """Let it run from now on."""
        self._released.set()
        if self._supervisor is None:
            self._supervisor = asyncio.create_task(self._supervise())

    def blame(self) -> None:
        """One fault less explains that it may end by itself."""
        self.excused -= 1

    async def kill(self, *, whole: bool = False, hold: bool = False) -> None:
        """End it at once as a crash does, and wait until it, and what it had started, has gone.

        `whole` kills its children as well instead of leaving it to them to notice. With `hold` it is not started
        again before `start`.
        """
        if hold:
            self._released.clear()
        family = self.family()
        if not family:
            return
        self._ended_by_us = True
        for each in family if whole else family[:1]:
            _send(each, signal.SIGKILL)
        thaw(family)  # a frozen child would not notice
        await self._gone(family, 30)

    def freeze(self) -> list[psutil.Process]:
        """Stop it and its children as SIGSTOP does; returns them, for `thaw`."""
        family = self.family()
        for each in family:
            _send(each, signal.SIGSTOP)
        return family

    async def stop(self, seconds: float = 20) -> None:
        """End it in order, for good; what does not end in time is killed, and reported as an end of its own."""
        if self._supervisor is None:
            return
        self._released.clear()
        family = self.family()
        thaw(family)
        if family:
            started = time.monotonic()
            _send(family[0], signal.SIGTERM)
            if not await self._gone(family[:1], seconds):
                self._report(-signal.SIGKILL, f"it had not ended {time.monotonic() - started:.0f} s after SIGTERM\n")
                self._ended_by_us = True
                await self.kill(whole=True)
        await self.abandon()

    async def abandon(self) -> None:
        """Kill it and its children, and supervise it no longer."""
        if self._supervisor is None:
            return
        self._released.clear()
        await self.kill(whole=True)
        self._supervisor.cancel()
        await asyncio.gather(self._supervisor, return_exceptions=True)
        self._supervisor = None

    def family(self) -> list[psutil.Process]:
        """It and what it has started, itself first; empty when it does not run."""
        if (pid := self.pid) is None:
            return []
        with suppress(psutil.NoSuchProcess):
            itself = psutil.Process(pid)
            return [itself, *itself.children(recursive=True)]
        return []

    def log_end(self, lines: int = _END_LINES) -> str:
        """The last lines of its log."""
        if not self.log_file.exists():
            return ""
        with self.log_file.open("rb") as log:
            log.seek(max(0, self.log_file.stat().st_size - 16_384))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    async def _gone(self, family: Sequence[psutil.Process], seconds: float) -> bool:
        """Whether they have ended in time. Nobody but asyncio may wait for them: it would miss their status."""
        deadline = time.monotonic() + seconds
        while self.pid in {each.pid for each in family} or any(map(_lives, family)):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True

    async def _supervise(self) -> None:
        failures = 0
        while True:
            await self._released.wait()
            started = time.monotonic()
            await self._run()
            if self._ended_by_us:
                self._ended_by_us = False
                failures = 0
                continue
            failures = 0 if time.monotonic() - started > _LONG_RUN else failures + 1
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])

    async def _run(self) -> None:
        self.starts += 1
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            log.write(f"--- start {self.starts} of {self.name}\n".encode())
            log.flush()
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        status = await self._process.wait()
        orderly = status == 0 and not self._released.is_set()
        if not (self._ended_by_us or self.excused or orderly):
            self._report(status)

    def _report(self, status: int, words: str = "") -> None:
        self.report(End(self.name, time.time(), status, words + self.log_end()))


def thaw(processes: Sequence[psutil.Process]) -> None:
    """Let frozen processes go on, the children first."""
    for each in reversed(processes):
        _send(each, signal.SIGCONT)


def marked(folder: Path) -> list[psutil.Process]:
    """All other processes that belong to the arena in a folder, whoever their parent is now."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(folder) and process.pid != os.getpid():
                found.append(process)
    return found


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
