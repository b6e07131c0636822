"""Each process under a role of its own: what it has to do succeeds, and what it has no business with is forbidden."""

import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import asyncpg
import httpx
import pytest
from tests.faults.test_projector_faults import busy_log
from tests.support.inputs.log_writing import open_log
from tests.support.running.engines import own_postgres
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.replaying import replayed, verified
from tests.support.waiting import wait_until

from timeline_service.adapters.postgres.migrations import migrate_database, roles_script

OWNER: Final = "dyadline_owner"
ROLES: Final = ("dyadline_api", "dyadline_projector", "dyadline_replayer")


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[str]:
    """A server of its own, since roles are the server's: its superuser's URL."""
    async with own_postgres() as engine:
        yield engine.address


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def url_of(server: str) -> AsyncIterator[Callable[[str], str]]:
    """The URL of a database under a role, of which the owner has only what a managed server would give."""
    name = f"roles_{secrets.token_hex(4)}"
    base = server.rpartition("@")[2].partition("/")[0]
    async with connected(server) as connection:
        if not await connection.fetchval("select count(*) from pg_roles where rolname = $1", OWNER):
            await connection.execute(f"create role {OWNER} login createrole")
        await connection.execute(f"create database {name} owner {OWNER}")
        try:
            yield lambda role: f"postgresql://{role}@{base}/{name}"
        finally:
            await connection.execute(f"drop database {name} with (force)")


@pytest.fixture
async def migrated(url_of: Callable[[str], str]) -> Callable[[str], str]:
    await migrate_database(url_of(OWNER))
    async with connected(url_of(OWNER)) as connection:
        for _ in range(2):  # to run it again changes nothing
            await connection.execute(roles_script())
    return url_of


async def test_every_process_does_its_work_under_its_role(migrated: Callable[[str], str], services: Services) -> None:
    as_owner = replace(services, database_url=migrated(OWNER), all=services.all)
    urls = {role: migrated(role) for role in ROLES}
    await services.projector(DATABASE_URL=urls["dyadline_projector"])
    await services.replayer(DATABASE_URL=urls["dyadline_replayer"])
    service = await services.timeline(DATABASE_URL=urls["dyadline_api"])
    async with open_log(services.bootstrap_servers, services.topic) as log, httpx.AsyncClient(timeout=30) as client:
        await log.append(*busy_log(80, 3))
        await projected(as_owner)
        await verified(as_owner)
        rebuilt = await replayed(as_owner, "rebuild")
        assert rebuilt["state"] == "succeeded", rebuilt
        await log.append(*busy_log(40, 4))
        await projected(as_owner, generation=2)
        await verified(as_owner)
        asked = await client.post(f"{service.url}/v1/replays", json={"kind": "verify"})
        assert asked.status_code == 202, asked.text

        async def over() -> bool:
            found = await client.get(f"{service.url}/v1/replays/{asked.json()['id']}")
            return bool(found.json()["state"] == "succeeded")

        await wait_until(over, 60)
        assert (await client.get(f"{service.url}/v1/timelines/IN-CN?limit=3")).json()["items"]
        assert (await client.get(f"{service.url}/v1/status")).json()["replayers"]
        assert (await client.delete(f"{service.url}/v1/generations/2")).status_code == 409
        dropped = await client.delete(f"{service.url}/v1/generations/1")
        assert dropped.is_success, dropped.text
        again = await replayed(as_owner, "rebuild")
        assert again["state"] == "succeeded", again
        assert (await client.delete(f"{service.url}/v1/generations/2")).is_success  # which the replayer has made
        await projected(as_owner, generation=3)


FORBIDDEN: Final[dict[str, tuple[str, ...]]] = {
    "dyadline_api": (
        "insert into timeline_g1.redriven values (0, 0, 0, 0)",
        "update timeline_g1.revisions set content = ''",
        "delete from timeline_g1.outcomes",
        "update timeline.generations set live = false",
        "update timeline.replays set result = '{}'",
        "update timeline.secrets set value = ''",
        "delete from timeline.generations",
        "drop schema timeline_g1 cascade",
        "create schema mine",
        "create table timeline.mine ()",
    ),
    "dyadline_projector": (
        "drop table timeline_g1.revisions",
        "truncate timeline_g1.revisions",
        "alter table timeline_g1.revisions add column mine text",
        "drop schema timeline_g1 cascade",
        "create schema mine",
        "create table timeline_g1.mine ()",
        "update timeline.generations set live = false",
        "insert into timeline.replays (id, kind) values (gen_random_uuid(), 'verify')",
        "select value from timeline.secrets",
        "select timeline.drop_generation(1)",
    ),
    "dyadline_replayer": (
        "drop table timeline.generations",
        "drop schema timeline cascade",
        "alter table timeline.replays add column mine text",
        "create table timeline.mine ()",
        "insert into timeline.migrations (number, name) values (9, 'mine')",
        "delete from timeline.generations",
        "create role mine",
    ),
}


@pytest.mark.parametrize("role", ROLES)
async def test_what_a_role_has_no_business_with_is_forbidden(role: str, migrated: Callable[[str], str]) -> None:
    async with connected(migrated(role)) as connection:
        for statement in FORBIDDEN[role]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        allowed: Any = await connection.fetchval("select count(*) from timeline_g1.revisions")
        assert allowed == 0


def test_the_script_is_printed_without_a_database(services: Services) -> None:
    environment = services.environment(DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    command = [sys.executable, "-m", "timeline_service.cli", "migrate", "--print-roles"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == roles_script()
