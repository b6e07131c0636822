"""Commands that run to their end, and end with us: fetching, laying out data folders, migrating."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from local_stack.errors import StackError


async def run_command(
    command: Sequence[str],
    failure: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> None:
    """Run a command; raises StackError with `failure` and the end of its output if it does not succeed.

    If we are cancelled meanwhile, it and whatever it started are killed. It has a process group of its own, so
    that Ctrl-C at a terminal reaches us alone and we decide.
    """
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )
    try:
        output, _ = await child.communicate()
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        raise
    if child.returncode != 0:
        raise StackError(f"{failure}:\n{output.decode(errors='replace').strip()[-4_000:]}")
