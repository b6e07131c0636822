import asyncio

import asyncpg
import pytest
from tests.support.running.processes import Services

from timeline_service.adapters.postgres.migrations import migrate_database
from timeline_service.errors import HaltError, UnavailableError


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_an_empty_database_gets_its_tables_once(database_url: str) -> None:
    done = await migrate_database(database_url)
    assert done[0].startswith("0001_")
    assert done[-1] == "generation 1"
    assert await migrate_database(database_url) == []


async def test_many_at_once_do_it_once(database_url: str) -> None:
    done = await asyncio.gather(*(migrate_database(database_url) for _ in range(6)))
    assert sum("generation 1" in each for each in done) == 1
    assert sum(bool(each) for each in done) == 1


async def test_a_newer_database_is_refused(database_url: str, services: Services) -> None:
    await migrate_database(database_url)
    await execute(
        database_url, "insert into timeline.migrations (number, name) values (9000, '9000_from_tomorrow.sql')"
    )
    with pytest.raises(HaltError, match="migration 9000"):
        await migrate_database(database_url)
    with pytest.raises(AssertionError, match="update the code"):
        services.migrate()


async def test_a_failed_migration_leaves_nothing(database_url: str) -> None:
    await execute(database_url, "create schema timeline_g1")
    with pytest.raises(asyncpg.DuplicateSchemaError):
        await migrate_database(database_url)
    await execute(database_url, "drop schema timeline_g1")
    assert await migrate_database(database_url)


async def test_a_database_that_is_away_is_out_of_reach(database_url: str) -> None:
    with pytest.raises(UnavailableError):
        await migrate_database(f"{database_url}_that_is_not")
    with pytest.raises(UnavailableError):
        await migrate_database("postgresql://dyadline@127.0.0.1:1/dyadline")
