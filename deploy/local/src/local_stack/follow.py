"""The logs of a running stack, printed as they grow."""

import asyncio
import os
from itertools import cycle
from typing import BinaryIO

from local_stack.processes import Process
from local_stack.terminal import Terminal, printable

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")


class LogFollower:
    """Prints what processes write, from now on; also what one wrote last before it was started again."""

    def __init__(self, processes: list[Process], terminal: Terminal) -> None:
        self._terminal = terminal
        self._logs = [_Log(process) for process in processes]

    async def follow(self, until: Process, stop: asyncio.Event) -> None:
        """Print until told to stop, the terminal has gone, or the process `until` runs no more."""
        while not (stop.is_set() or self._terminal.gone):
            runs = until.pid() is not None
            for log, colour in zip(self._logs, cycle(_COLOURS), strict=False):
                for line in log.new_lines():
                    self._terminal.say(self._terminal.colour(f"{log.process.name:<10} ", colour) + printable(line))
            if not runs:
                return
            try:
                await asyncio.wait_for(stop.wait(), 0.3)
            except TimeoutError:
                continue


class _Log:
    """One log, kept open: a process that is started again has a new one under the same name."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._file: BinaryIO | None = None
        self._rest = b""
        if self._open():
            self._read()  # what was written before

    def new_lines(self) -> list[str]:
        lines = self._read()
        while self._is_replaced() and self._open():
            lines += [self._rest] if self._rest else []
            self._rest = b""
            lines += self._read()
        return [line.decode(errors="replace") for line in lines]

    def _read(self) -> list[bytes]:
        if self._file is None:
            return []
        *whole, self._rest = (self._rest + self._file.read()).split(b"\n")
        return whole

    def _is_replaced(self) -> bool:
        try:
            named = os.stat(self.process.log_file)
        except FileNotFoundError:
            return False
        return self._file is None or not os.path.samestat(named, os.fstat(self._file.fileno()))

    def _open(self) -> bool:
        try:
            fresh = self.process.log_file.open("rb")
        except FileNotFoundError:
            return False
        if self._file is not None:
            self._file.close()
        self._file = fresh
        return True
