"""Generations: the projections there are, and which one is read."""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg

from timeline_service.adapters.postgres.blockers import ending_blockers
from timeline_service.adapters.postgres.database import connected
from timeline_service.adapters.postgres.sql_files import (
    generation_schema,
    generation_shape,
    of_generation,
    read_statements,
)
from timeline_service.code_version import code_version, is_newer
from timeline_service.domain.vectors import Vector
from timeline_service.errors import LockedError, UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool

    AnyConnection = Connection | asyncpg.Connection[asyncpg.Record]

Row = Mapping[str, Any]
_LOCK_TIMEOUT: Final = "2s"
_INDEX_SECONDS: Final = 24 * 3600
_INDEX: Final = re.compile(r"create (?:unique )?index (\w+)|alter table (\w+) add primary key")


@dataclass(frozen=True, slots=True)
class Live:
    """The generation that is read; `mine`: whether code of this shape has made it."""

    n: int
    mine: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """A generation under way; `until` is where it ends for ever, if it is one of the past."""

    until: Vector | None


class PostgresGenerations:
    """The table of generations, and their schemas. All methods raise UnavailableError when the server is away.

    A lock that is not to be had within two seconds is LockedError: nothing is done, and it can be tried again.
    """

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._sql = read_statements("generations")

    async def live(self) -> Live | None:
        """The live generation, if there is one."""
        async with _at(self._pool) as connection:
            row = await connection.fetchrow(self._sql["any_live"])
        return Live(row["n"], row["shape"] == generation_shape()) if row is not None else None

    async def loaded(self, n: int) -> dict[int, int]:
        """The partitions that a rebuild has loaded, with how many records."""
        async with _at(self._pool) as connection:
            rows = await connection.fetch(of_generation(read_statements("loading")["loaded"], n))
        return {row["partition"]: row["records"] for row in rows}

    async def indexes(self, n: int) -> AsyncIterator[str]:
        """Make the indexes that a generation does not have yet, one after the other; yields each one's name before."""
        schema = generation_schema(n)
        for statement in index_statements():
            name = _index_name(statement)
            yield name
            async with _at(self._pool) as connection, connection.transaction():
                await connection.execute(f"set local search_path = {schema}; set local maintenance_work_mem = '256MB'")
                if await connection.fetchval("select to_regclass($1) is null", f"{schema}.{name}"):
                    await connection.execute(statement, timeout=_INDEX_SECONDS)
        async with _at(self._pool) as connection:
            for table in await connection.fetch("select tablename from pg_tables where schemaname = $1", schema):
                await connection.execute(f"analyze {schema}.{table[0]}", timeout=_INDEX_SECONDS)

    async def ready(self) -> Sequence[Row]:
        """Those that can be read, by number."""
        async with _at(self._pool) as connection:
            return [dict(row) for row in await connection.fetch(self._sql["ready"])]

    async def create(self, until: Vector | None, replay_id: UUID | None = None) -> int:
        """Make the empty tables of a new generation, without indexes, and note it in the replay that is to fill it.

        Returns its number.
        """
        async with _at(self._pool) as connection, connection.transaction():
            n = int(await connection.fetchval(self._sql["create"], until, generation_shape(), code_version()))
            await create_tables(connection, generation_schema(n), indexes=False)
            await connection.execute(self._sql["note_in_replay"], replay_id, n)  # last: who cancels waits for its row
        return n

    async def unfinished(self) -> list[int]:
        """Those that a rebuild has not finished."""
        async with _at(self._pool) as connection:
            return [row["n"] for row in await connection.fetch(self._sql["unfinished"])]

    async def begun(self, n: int) -> Begun | None:
        """A generation that this code has begun to fill, and may go on with."""
        async with _at(self._pool) as connection:
            row = await connection.fetchrow(self._sql["lock"], n)
        if row is None or (row["shape"], row["code_version"]) != (generation_shape(), code_version()):
            return None
        return Begun(tuple(row["until"]) if row["until"] is not None else None)

    async def counts(self, n: int) -> dict[int, tuple[int, int]]:
        """By partition how many records a generation has, and how many of them are parked."""
        async with _at(self._pool) as connection:
            rows = await connection.fetch(of_generation(self._sql["counts"], n))
        return {row["partition"]: (row["records"], row["parked"]) for row in rows}

    async def finish(self, n: int) -> None:
        """Let a generation be read by its number."""
        async with _at(self._pool) as connection:
            await connection.execute(self._sql["finish"], n)

    async def drop(self, n: int) -> bool:
        """Drop a generation and its tables; False, with nothing done, if it is live."""
        async with _at(self._pool) as connection, connection.transaction():
            await connection.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT}'")
            row = await connection.fetchrow(self._sql["lock"], n)
            if row is not None and row["live"]:
                return False
            await connection.execute(self._sql["forget"], n)
            await connection.execute(f"drop schema if exists {generation_schema(n)} cascade")
        return True

    async def reach(self) -> dict[int, int]:
        """How far the live generation is, by its checkpoints."""
        async with _at(self._pool) as connection:
            live = await connection.fetchrow(self._sql["any_live"])
            rows = await connection.fetch(of_generation(self._sql["reach"], live["n"])) if live is not None else []
        return {row["partition"]: row["next_offset"] for row in rows}

    async def stopped(self, n: int) -> dict[int, tuple[int, str]]:
        """The partitions of a generation that are projected no further: before which offset, and why."""
        async with _at(self._pool) as connection:
            rows = await connection.fetch(of_generation(self._sql["stopped"], n))
        return {row["partition"]: (row["next_offset"], row["stopped"]) for row in rows}

    async def origins(self) -> set[tuple[str, int]]:
        """Of which logs the live generation says that it was made: cluster and number of partitions."""
        async with _at(self._pool) as connection:
            live = await connection.fetchrow(self._sql["any_live"])
            rows = await connection.fetch(of_generation(self._sql["origins"], live["n"])) if live is not None else []
        return {(row["cluster_id"], row["partition_count"]) for row in rows}

    async def swap(self, n: int, beyond: Collection[int] = ()) -> bool:
        """Make a generation the live one, in one short transaction. False, with nothing done, if the live one is ahead.

        The live one's projectors are fenced: it stays as it is from then on. `beyond` are partitions whose checkpoints
        lie beyond the log's end, where nobody can follow them.
        """
        async with _at(self._pool) as connection, connection.transaction():
            await connection.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT}'")
            async with ending_blockers(self._pool, connection):
                await connection.fetch(self._sql["lock_all"])
            live = await connection.fetchval(self._sql["any_live"])
            if live == n:
                return True
            if live is not None:
                async with ending_blockers(self._pool, connection):
                    before = await connection.fetch(of_generation(self._sql["lock_checkpoints"], live))
                after = await connection.fetch(of_generation(self._sql["reach"], n))
                reached = {row["partition"]: (row["next_offset"], row["documents"]) for row in after}
                for row in before:
                    rows, documents = reached.get(row["partition"], (0, 0))
                    level = rows >= row["next_offset"] and documents >= min(row["documents"], row["next_offset"])
                    if not level and row["partition"] not in beyond:
                        return False
                await connection.execute(of_generation(self._sql["fence"], live))
            await connection.execute(self._sql["retire"])
            await connection.execute(self._sql["make_live"], n)
            await connection.execute("select pg_notify('dyadline_projected', 'swapped')")
        return True


async def create_tables(connection: "AnyConnection", schema: str, *, indexes: bool, logged: bool = True) -> None:
    """Make the empty tables of a generation in a new schema, inside the caller's transaction."""
    await connection.execute(f"create schema {schema}; set local search_path = {schema}")
    tables = _text("generation.sql")
    await connection.execute(tables if logged else tables.replace("create table", "create unlogged table"))
    if indexes:
        await connection.execute(_text("generation_indexes.sql"))


def _index_name(statement: str) -> str:
    found = _INDEX.match(statement)
    assert found is not None, statement
    return found[1] or f"{found[2]}_pkey"


def index_statements() -> list[str]:
    """The statements that make a generation's indexes, for its schema as search path."""
    lines = (line for line in _text("generation_indexes.sql").splitlines() if not line.startswith("--"))
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


async def find_live_generation(connection: "Connection") -> int:
    """The number of the generation that is live, for who writes it.

    Raises UnavailableError before the first migration, and while the live one was made by code of another shape, or
    of a newer release.
    """
    row = await _find(connection)
    if not row["live"]:
        raise UnavailableError("the live generation was made by code of another shape: it is that code's to project")
    if is_newer(row["code_version"], code_version()):
        raise UnavailableError(
            f"generation {row['n']} was made by {row['code_version']}, which is newer than this code, "
            f"{code_version()}: it is that code's to project"
        )
    return int(row["n"])


async def find_readable_generation(connection: "Connection") -> int:
    """The number of the generation to read: the live one or, where newer code has made that, the last of this shape.

    Raises UnavailableError before the first migration, and where there is none of this shape.
    """
    return int((await _find(connection))["n"])


async def _find(connection: "Connection") -> Row:
    statements = read_statements("generations")
    try:
        row = await connection.fetchrow(statements["live"], generation_shape())
        if row is None and (live := await connection.fetchval(statements["any_live"])) is not None:
            raise UnavailableError(
                f"generation {live} was made by code of another shape: run timeline replay --rebuild with this code"
            )
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.UndefinedColumnError) as error:
        raise UnavailableError("the database has no tables yet: run timeline migrate") from error
    if row is None:
        raise UnavailableError("no generation of the projection is live: run timeline migrate")
    return dict(row)


def _text(name: str) -> str:
    return (files("timeline_service") / "sql" / name).read_text(encoding="utf-8")


@asynccontextmanager
async def _at(pool: "Pool") -> AsyncIterator["Connection"]:
    try:
        async with connected(pool) as connection:
            try:
                yield connection
            except asyncpg.LockNotAvailableError as error:
                raise LockedError(f"rows or tables of generations are locked by somebody else: {error}") from error
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise UnavailableError("the generation has just been dropped, or timeline migrate has never run") from error
