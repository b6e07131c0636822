"""A second PostgreSQL that follows the first through a proxy of its own, and may take its place."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg
from tests.faults.soak.arena.members import Member
from tests.faults.soak.arena.proxy import Proxy
from tests.support.running.free_ports import free_port
from tests.support.waiting import wait_until

from local_stack.commands import run_command
from local_stack.postgres_engine import prepare_postgres

if TYPE_CHECKING:
    from tests.faults.soak.arena.arena import Arena

_FOLDER: Final = "postgres"  # within a disk; so the local stack names it
_READY_SECONDS: Final = 60.0


@dataclass(slots=True)
class Standby:
    """The server that follows now: its name, its port, and the proxy through which it hears of the other."""

    name: str
    port: int
    proxy: Proxy


async def start_standby(arena: "Arena") -> str:
    """Copy the server that is written, and let the copy follow it, under the name that is free; returns its URL."""
    name = "standby" if arena.primary == "postgres" else "postgres"
    disk = arena.data_disks.get(name) or arena.disks.mount(name, arena.disk_megabytes)
    proxy = Proxy(free_port(), ("127.0.0.1", arena.postgres_proxy.target[1]))
    await proxy.listen()
    standby = Standby(name, free_port(), proxy)
    await _copy(arena, disk, proxy.port)
    server = await prepare_postgres(disk, standby.port)
    arena.add_postgres(name, server.command, disk)
    arena.standby = standby
    arena.members[name].start()
    await wait_until(lambda: follows(arena), _READY_SECONDS, ignore=(asyncpg.PostgresError, OSError, TimeoutError))
    return _url(standby.port)


async def promote(arena: "Arena") -> None:
    """Let the standby be written from now on, with what it has heard of; whoever comes by the proxy gets there."""
    standby = arena.standby
    assert standby is not None
    connection = await asyncpg.connect(_url(standby.port), timeout=5)
    try:
        assert await connection.fetchval("select pg_promote(true, 60)"), "the standby does not become a primary"
    finally:
        await connection.close()
    await standby.proxy.close()
    arena.primary = standby.name
    arena.database_url = _url(standby.port)
    arena.postgres_proxy.target = ("127.0.0.1", standby.port)
    arena.standby = None


async def follows(arena: "Arena") -> bool:
    """Whether the standby is connected and has all that there is."""
    connection = await asyncpg.connect(arena.database_url, timeout=5)
    try:
        found = await connection.fetchval(
            "select count(*) from pg_stat_replication where state = 'streaming' "
            "and replay_lsn >= pg_current_wal_flush_lsn()"
        )
        return bool(found)
    finally:
        await connection.close()


async def is_behind(arena: "Arena") -> bool:
    """Whether the primary has written what the standby has not heard of."""
    assert arena.standby is not None
    primary = await asyncpg.connect(arena.database_url, timeout=5)
    standby = await asyncpg.connect(_url(arena.standby.port), timeout=5)
    try:
        heard = await standby.fetchval("select pg_last_wal_receive_lsn()::text")
        return bool(await primary.fetchval("select pg_current_wal_flush_lsn() > $1::text::pg_lsn", heard))
    finally:
        await primary.close()
        await standby.close()


async def _copy(arena: "Arena", disk: Path, port: int) -> None:
    """A copy of the primary's data that follows it when it is started; what lay there before goes."""
    way, program = _program(arena.members[arena.primary])
    data = disk / _FOLDER
    await run_command([*way, "rm", "-rf", str(data)], "the old data could not be removed")
    source = f"host=127.0.0.1 port={port} user=dyadline dbname=postgres"
    command = [*way, str(program / "pg_basebackup"), "-D", str(data), "-d", source, "-R", "-X", "stream", "-c", "fast"]
    await run_command(command, "PostgreSQL could not be copied")


def _program(server: Member) -> tuple[list[str], Path]:
    """What stands before the program of a server, which may not run as root, and where the programs lie."""
    words = [str(word) for word in server.command]
    place = next(number for number, word in enumerate(words) if Path(word).name == "postgres")
    return words[:place], Path(words[place]).parent


def _url(port: int) -> str:
    return f"postgresql://dyadline@127.0.0.1:{port}/dyadline"
