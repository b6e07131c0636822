"""The commands as people run them: `timeline` in a pipe, and either at a terminal."""

import asyncio
import os
import pty
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


async def timeline(*words: str, **environment: str) -> tuple[int, str, str]:
    """Run the command in a pipe; returns its exit status, output and complaints."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "timeline_service.cli", *words),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await child.communicate()
    assert child.returncode is not None
    return child.returncode, output.decode(), complaints.decode()


async def at_a_terminal(*words: str, columns: int, exit_status: int = 0, **environment: str) -> str:
    """What the command shows at a terminal of so many columns, until it ends as is expected."""
    ours, theirs = pty.openpty()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "timeline_service.cli", *words),
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = await asyncio.to_thread(read_all, ours)
    os.close(ours)
    assert await child.wait() == exit_status, shown
    return shown


class Terminal:
    """What a command has shown at a terminal so far, while it goes on."""

    def __init__(self, process: asyncio.subprocess.Process, descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._parts: list[bytes] = []
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    @property
    def text(self) -> str:
        """All of it in its order, without colours and movements."""
        return _CONTROL.sub("", b"".join(self._parts).decode(errors="replace"))

    @property
    def lines(self) -> list[str]:
        """Every line that was ever shown, also those that others were written over."""
        return [line.rstrip() for line in re.split(r"[\r\n]+", self.text)]

    async def ended(self) -> int:
        """Wait for the end of the command; returns its exit status."""
        status = await asyncio.wait_for(self.process.wait(), 30)
        while self._read():
            pass
        return status

    def close(self) -> None:
        """Let the terminal go."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> bool:
        try:
            part = os.read(self._descriptor, 65_536)
        except OSError:  # its other end is closed
            part = b""
        if not part:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._parts.append(part)
        return bool(part)


@asynccontextmanager
async def terminal(
    *words: str, columns: int, module: str = "timeline_service.cli", **environment: str
) -> AsyncIterator[Terminal]:
    """Run a command at a terminal of so many columns, and look at it meanwhile."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *words),
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = Terminal(process, ours)
    try:
        yield shown
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        shown.close()


def read_all(descriptor: int) -> str:
    """All that comes, until the other end of the terminal is closed."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(descriptor, 65_536)
        except OSError:  # how Linux says so
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def plain_text(shown: str) -> str:
    """What a terminal shows, without its colours."""
    return "".join(part.partition("m")[2] if index else part for index, part in enumerate(shown.split("\x1b[")))
