"""The tables of a generation, and their indexes, which are made after they are filled."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

import asyncpg

from timeline_service.adapters.postgres.database import connected
from timeline_service.errors import LockedError, UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool

    AnyConnection = Connection | asyncpg.Connection[asyncpg.Record]

_INDEX: Final = re.compile(r"create (?:unique )?index (\w+)|alter table (\w+) add primary key")


class Index(NamedTuple):
    """An index, and the statement that makes it, for its schema as search path."""

    name: str
    statement: str


async def create_tables(connection: "AnyConnection", schema: str, *, indexes: bool, logged: bool = True) -> None:
    """Make the empty tables of a generation in a new schema, inside the caller's transaction."""
    await connection.execute(f"create schema {schema}; set local search_path = {schema}")
    tables = _text("generation_tables")
    await connection.execute(tables if logged else tables.replace("create table", "create unlogged table"))
    if indexes:
        await connection.execute(_text("generation_indexes"))


def generation_indexes() -> Iterator[Index]:
    """The indexes of a generation, in the order in which they are made."""
    lines = (line for line in _text("generation_indexes").splitlines() if not line.startswith("--"))
    for statement in filter(None, map(str.strip, "\n".join(lines).split(";"))):
        found = _INDEX.match(statement)
        assert found is not None, statement
        yield Index(found[1] or f"{found[2]}_pkey", statement)


@asynccontextmanager
async def connected_to_generations(pool: "Pool") -> AsyncIterator["Connection"]:
    """A connection for who works on generations; raises LockedError where a lock is not to be had in time.

    Raises UnavailableError when the server, or the generation, is away or goes away.
    """
    try:
        async with connected(pool) as connection:
            try:
                yield connection
            except asyncpg.LockNotAvailableError as error:
                raise LockedError(f"rows or tables of generations are locked by somebody else: {error}") from error
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError, asyncpg.InvalidSchemaNameError) as error:
        raise UnavailableError("the generation has just been dropped, or timeline migrate has never run") from error


def _text(name: str) -> str:
    return (files("timeline_service") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
