"""The loss of each part, as deploy/README.md leads through it: what was acknowledged is there again."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from tests.faults.soak.trial import Plan, carry_out
from tests.faults.test_projector_faults import busy_log
from tests.support.inputs.log_writing import open_log
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.replaying import verified

from local_stack.commands import run_command
from local_stack.postgres_engine import postgres_programs


async def make_anew(url: str) -> None:
    """Drop a database with all that is in it, and make it, empty."""
    server, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f"drop database {name} with (force)")
        await connection.execute(f"create database {name}")
    finally:
        await connection.close()


async def test_a_database_is_restored_from_a_dump_and_catches_up(services: Services, tmp_path: Path) -> None:
    services.migrate()
    projector = await services.projector()
    dump = tmp_path / "dyadline.dump"
    async with open_log(services.bootstrap_servers, services.topic) as log:
        writing = asyncio.create_task(log.append(*busy_log(300, 11)))
        command = [str(postgres_programs() / "pg_dump"), "--format=custom", f"--file={dump}", services.database_url]
        await run_command(command, "pg_dump failed")  # while the projector writes
        await writing
        await projected(services)
        await projector.terminate()
        await make_anew(services.database_url)
        await run_command(
            [str(postgres_programs() / "pg_restore"), "--no-owner", f"--dbname={services.database_url}", str(dump)],
            "pg_restore failed",
        )
        services.migrate()
        await services.projector("again")
        await services.replayer()
        await projected(services)
        await verified(services)


async def test_a_database_that_is_lost_is_made_again_from_the_log(services: Services) -> None:
    services.migrate()
    projector = await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(300, 12))
    shown = await projected(services)
    await projector.kill()
    await make_anew(services.database_url)
    services.migrate()
    await services.projector("again")
    await services.replayer()
    assert await projected(services) == shown
    await verified(services)


@pytest.mark.timeout(400)
async def test_one_broker_of_three_is_lost_during_posts(tmp_path: Path) -> None:
    faults = ("lose the leader of a partition", "lose one broker of three")
    plan = Plan(seed=3, seconds=15, brokers=3, names=faults, durations=(4.0,), pace=0.3)
    told: list[str] = []
    outcome = await carry_out(plan, tmp_path / "arena", told.append)
    assert outcome.findings.ok, f"{told}\n{outcome.findings}"
    assert outcome.findings.acknowledged > 100
    assert sum(outcome.acknowledged) > 0, "nothing was acknowledged while a broker was away"
