"""The `timeline` command as people run it: in a pipe, or at a terminal."""

import asyncio
import os
import pty
import sys


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


async def at_a_terminal(*words: str, columns: int, **environment: str) -> str:
    """What the command shows at a terminal of so many columns."""
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
    assert await child.wait() == 0, shown
    return shown


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
