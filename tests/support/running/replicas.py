"""A real streaming replica of a PostgreSQL of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
from tests.support.running.engines import OwnEngine, own_folder, running
from tests.support.running.free_ports import free_port
from tests.support.waiting import wait_until

from local_stack.commands import run_command
from local_stack.postgres_engine import prepare_postgres, wait_for_postgres

#: What an operator tells a primary whose replicas are read: what is committed goes to them at once.
PROMPT: Final = "wal_writer_delay = '10ms'"


@asynccontextmanager
async def own_replica(primary: OwnEngine, application: str = "replica") -> AsyncIterator[OwnEngine]:
    """A server that follows another one, from now on."""
    await execute(primary.address, f"alter system set {PROMPT}")
    await execute(primary.address, "select pg_reload_conf()")
    with own_folder("replica") as folder:
        port = free_port()
        words = [str(word) for word in primary.process.command]
        place = next(number for number, word in enumerate(words) if Path(word).name == "postgres")
        copy = Path(words[place]).parent / "pg_basebackup"
        source = primary.address.rpartition("/")[0] + f"/postgres?application_name={application}"
        options = ["-D", str(folder / "postgres"), "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        await run_command([*words[:place], str(copy), *options], "PostgreSQL could not be copied")
        process = await prepare_postgres(folder, port)
        url = f"postgresql://dyadline@127.0.0.1:{port}/dyadline"
        async with running(OwnEngine(process, url, wait_for_postgres)) as engine:
            yield engine


async def promote(replica: OwnEngine) -> None:
    """Let a replica be a server that is written."""
    await execute(replica.address, "select pg_promote(true, 60)")


async def level(primary: OwnEngine, replica: OwnEngine) -> None:
    """Wait until a replica has all that its primary has by now."""
    end = await execute(primary.address, "select pg_current_wal_insert_lsn()::text")

    async def replayed() -> bool:
        return bool(await execute(replica.address, f"select pg_last_wal_replay_lsn() >= '{end}'::pg_lsn"))

    await wait_until(replayed, 30, ignore=(asyncpg.PostgresError, OSError))


async def execute(url: str, statement: str) -> object:
    """The value of a statement, on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
