"""Our PostgreSQL after a crash: what was killed must not keep its successor from starting."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from asyncio.subprocess import Process as Child
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from tests.support.running.free_ports import free_port
from tests.support.running.session_folder import ROOT, session_folder, watch_session_folder
from tests.support.waiting import wait_until

from local_stack.postgres_engine import STOP_SIGNAL
from local_stack.processes import Process

START = """
import asyncio, sys
from pathlib import Path
from local_stack.postgres_engine import prepare_postgres, wait_for_postgres

async def start(state_dir: Path, port: int) -> None:
    process = await prepare_postgres(state_dir, port)
    process.start()
    await wait_for_postgres(f"postgresql://dyadline@127.0.0.1:{port}/dyadline", process)

asyncio.run(start(Path(sys.argv[1]), int(sys.argv[2])))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
async def postgres() -> AsyncIterator[Process]:
    """A PostgreSQL that does not run yet."""
    watch_session_folder()
    state_dir = session_folder() / f"crashing {os.urandom(4).hex()}"
    process = Process("postgres", [], state_dir, stop_signal=STOP_SIGNAL)
    yield process
    await process.stop()


@asynccontextmanager
async def careless_parent(state_dir: Path, port: int) -> AsyncIterator[Child]:
    """Starts it and never asks again how it is, as process 1 of many a container: what it started dies as a zombie."""
    command = [sys.executable, "-c", START, str(state_dir), str(port)]
    parent = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert parent.stdin is not None
    assert parent.stdout is not None
    assert parent.stderr is not None
    try:
        if await parent.stdout.readline() != b"ready\n":
            raise AssertionError((await parent.stderr.read()).decode())
        yield parent
    finally:
        parent.stdin.close()
        await parent.communicate()


async def test_it_starts_at_once_after_it_was_killed_even_if_nobody_buries_it(postgres: Process) -> None:
    port = free_port()
    async with AsyncExitStack() as parents:
        await parents.enter_async_context(careless_parent(postgres.state_dir, port))
        for _ in range(2):
            pid = postgres.pid()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await wait_until(lambda: postgres.pid() is None)
            await parents.enter_async_context(careless_parent(postgres.state_dir, port))


async def test_a_number_that_another_process_was_given_meanwhile_is_no_server(postgres: Process) -> None:
    port = free_port()
    async with careless_parent(postgres.state_dir, port):
        pid = postgres.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await wait_until(lambda: postgres.pid() is None)
        lock_file = postgres.state_dir / "postgres" / "postmaster.pid"
        _, _, rest = lock_file.read_text().partition("\n")
        lock_file.write_text(f"{os.getpid()}\n{rest}")
        async with careless_parent(postgres.state_dir, port):
            assert postgres.pid() not in {None, pid}
