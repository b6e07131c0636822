"""Forward-only migrations of the control schema, and the making of generations."""

import hashlib
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import asyncpg

from timeline_service.adapters.postgres.database import connect, going_away
from timeline_service.adapters.postgres.generation_tables import create_tables
from timeline_service.adapters.postgres.sql_files import generation_schema, generation_shape, read_statements
from timeline_service.code_version import code_version, keys_of
from timeline_service.errors import HaltError

CONTROL: Final = "timeline"
_ADVISORY_LOCK: Final = int.from_bytes(hashlib.sha256(b"dyadline migrations").digest()[:8], signed=True)
_FILE: Final = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql")


async def migrate(connection: "asyncpg.Connection[asyncpg.Record]", judged_by: str) -> list[str]:
    """Apply what is missing, one process at a time; returns what was done, in words.

    Where the live generation was made by code of another shape, or judged by other keys, a rebuild is filed: that is
    how such code is deployed, and such keys come into force.

    Raises HaltError if the database is newer than this code.
    """
    done: list[str] = []
    sql = {name: text.replace("{control}", CONTROL) for name, text in read_statements("migrations").items()}
    async with connection.transaction():
        await connection.execute(sql["begin"])
        await connection.execute(sql["lock"], _ADVISORY_LOCK)
        await connection.execute(sql["create"])
        await connection.execute(sql["enter"])
        applied = {row["number"] for row in await connection.fetch(sql["applied"])}
        files_here = {int(file.name[:4]): file for file in _migration_files()}
        if newer := sorted(applied - files_here.keys()):
            raise HaltError(f"the database has migration {newer[-1]}, which this code does not know: update the code")
        for number, file in sorted(files_here.items()):
            if number not in applied:
                await connection.execute(file.read_text(encoding="utf-8"))
                await connection.execute(sql["note"], number, file.name)
                done.append(file.name)
        if await connection.fetchval(sql["generations"]) == 0:
            await create_tables(connection, generation_schema(1), indexes=True)
            await connection.execute(sql["enter"])
            await connection.execute(sql["make_first"], generation_shape(), judged_by)
            done.append("generation 1")
        if (
            foreign := await connection.fetchval(sql["file_rebuild"], generation_shape(), keys_of(judged_by))
        ) is not None:
            done.append(
                f"filed a rebuild for timeline replayer, since other code or other keys have made generation {foreign}"
            )
    return done


async def migrate_database(url: str, judged_by: str | None = None) -> list[str]:
    """Connect and migrate, for who judges by this, by default our code; returns the names of what was done.

    Raises UnavailableError, and HaltError as `migrate`.
    """
    with going_away():
        connection = await connect(url)
        try:
            return await migrate(connection, judged_by or code_version())
        finally:
            await connection.close()


def roles_script() -> str:
    """The SQL that makes roles of least privilege for the processes, to be run by whoever migrates."""
    return _sql("roles.sql").read_text(encoding="utf-8")


def _sql(name: str) -> Traversable:
    return files("timeline_service") / "sql" / name


def _migration_files() -> list[Traversable]:
    return [file for file in _sql("migrations").iterdir() if _FILE.fullmatch(file.name)]
