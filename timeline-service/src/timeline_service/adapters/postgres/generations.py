"""Generations: the projections there are, and which one is read."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from timeline_service.adapters.postgres.blockers import ending_blockers
from timeline_service.adapters.postgres.generation_tables import (
    connected_to_generations,
    create_tables,
    generation_indexes,
)
from timeline_service.adapters.postgres.sql_files import (
    generation_schema,
    generation_shape,
    of_generation,
    read_statements,
)
from timeline_service.code_version import code_version, is_newer, key_words, keys_of
from timeline_service.domain.generations import Begun, Live, Reached, are_level
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool

Row = Mapping[str, Any]
_INDEX_SECONDS: Final = 24 * 3600


class _Found(NamedTuple):
    """The generation that code of this shape is to read, and whether it is the live one."""

    n: int
    live: bool
    code_version: str


class PostgresGenerations:
    """The table of generations, and their schemas. All methods raise UnavailableError when the server is away.

    A lock that is not to be had within two seconds is LockedError: nothing is done, and it can be tried again.
    """

    def __init__(self, pool: "Pool", made_by: str | None = None) -> None:
        """`made_by`: by what those are judged that are made here (`code_version.judged_by`), by default our code."""
        self._pool = pool
        self._made_by = made_by or code_version()
        self._sql = read_statements("generations")

    async def live(self) -> Live | None:
        """The live generation, if there is one."""
        async with connected_to_generations(self._pool) as connection:
            row = await connection.fetchrow(self._sql["any_live"])
        if row is None:
            return None
        return Live(row["n"], row["shape"] == generation_shape(), keys_of(row["code_version"] or ""))

    async def indexes(self, n: int) -> AsyncIterator[str]:
        """Make the indexes that a generation does not have yet, one after the other; yields each one's name before."""
        schema = generation_schema(n)
        for name, statement in generation_indexes():
            yield name
            async with connected_to_generations(self._pool) as connection, connection.transaction():
                await connection.execute(of_generation(self._sql["begin_index"], n))
                if await connection.fetchval(self._sql["lacks"], f"{schema}.{name}"):
                    await connection.execute(statement, timeout=_INDEX_SECONDS)
        async with connected_to_generations(self._pool) as connection:
            for row in await connection.fetch(self._sql["tables"], schema):
                await connection.execute(f"analyze {schema}.{row['tablename']}", timeout=_INDEX_SECONDS)

    async def ready(self) -> Sequence[Row]:
        """Generations that can be read, by number."""
        async with connected_to_generations(self._pool) as connection:
            return [dict(row) for row in await connection.fetch(self._sql["ready"])]

    async def create(self, until: OffsetVector | None, replay_id: UUID | None = None) -> int:
        """Make the empty tables of a new generation, without indexes, and note it in the replay that is to fill it.

        Returns its number.
        """
        async with connected_to_generations(self._pool) as connection, connection.transaction():
            n = int(await connection.fetchval(self._sql["create"], until, generation_shape(), self._made_by))
            await create_tables(connection, generation_schema(n), indexes=False)
            await connection.execute(self._sql["note_in_replay"], replay_id, n)  # last: who cancels waits for its row
        return n

    async def unfinished(self) -> list[int]:
        """Generations that a rebuild has not finished."""
        async with connected_to_generations(self._pool) as connection:
            return [row["n"] for row in await connection.fetch(self._sql["unfinished"])]

    async def begun(self, n: int) -> Begun | None:
        """A generation that this code has begun to fill, and may go on with."""
        async with connected_to_generations(self._pool) as connection:
            row = await connection.fetchrow(self._sql["lock"], n)
        if row is None or (row["shape"], row["code_version"]) != (generation_shape(), self._made_by):
            return None
        return Begun(n, tuple(row["until"]) if row["until"] is not None else None)

    async def finish(self, n: int) -> None:
        """Let a generation be read by its number."""
        async with connected_to_generations(self._pool) as connection:
            await connection.execute(self._sql["finish"], n)

    async def drop(self, n: int) -> bool:
        """Drop a generation and its tables; False, with nothing done, if it is live."""
        async with connected_to_generations(self._pool) as connection, connection.transaction():
            await connection.execute(self._sql["be_impatient"])
            return bool(await connection.fetchval(self._sql["drop"], n))

    async def swap(self, n: int, beyond: Collection[int] = ()) -> bool:
        """Make a generation the live one, in one short transaction. False, with nothing done, if the live one is ahead.

        The live one's projectors are fenced: it stays as it is from then on. `beyond` are partitions whose checkpoints
        lie beyond the log's end, where nobody can follow them.
        """
        async with connected_to_generations(self._pool) as connection, connection.transaction():
            await connection.execute(self._sql["be_impatient"])
            async with ending_blockers(self._pool, connection):
                await connection.fetch(self._sql["lock_all"])
            live = await connection.fetchval(self._sql["any_live"])
            if live == n:
                return True
            if live is not None:
                async with ending_blockers(self._pool, connection):
                    before = await connection.fetch(of_generation(self._sql["lock_checkpoints"], live))
                after = await connection.fetch(of_generation(self._sql["reached"], n))
                if not are_level([Reached(**row) for row in after], [Reached(**row) for row in before], beyond):
                    return False
                await connection.execute(of_generation(self._sql["fence"], live))
            await connection.execute(self._sql["retire"])
            await connection.execute(self._sql["make_live"], n)
            await connection.execute(self._sql["tell"])
        return True


async def find_live_generation(connection: "Connection", judged_by: str) -> int:
    """The number of the generation that is live, for who writes it, and by what that judges.

    Raises UnavailableError before the first migration, and while the live one was made by code of another shape or of a
    newer release, or by other keys: verdicts by two files of keys would stand side by side in it.
    """
    found = await _find(connection)
    if not found.live:
        raise UnavailableError("the live generation was made by code of another shape: it is that code's to project")
    if is_newer(found.code_version, code_version()):
        raise UnavailableError(
            f"generation {found.n} was made by {found.code_version}, which is newer than this code, "
            f"{code_version()}: it is that code's to project"
        )
    if keys_of(found.code_version) != keys_of(judged_by):
        raise UnavailableError(
            f"generation {found.n} was judged by {key_words(keys_of(found.code_version))}, and this process judges by "
            f"{key_words(keys_of(judged_by))} (TIMELINE_TRUSTED_KEYS_FILE): timeline migrate files a rebuild by these"
        )
    return found.n


async def find_readable_generation(connection: "Connection") -> int:
    """The number of the generation to read: the live one or, where newer code has made that, the last of this shape.

    Raises UnavailableError before the first migration, and where there is none of this shape.
    """
    return (await _find(connection)).n


async def _find(connection: "Connection") -> _Found:
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
    return _Found(**row)
