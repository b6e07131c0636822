"""The loss of each part, as deploy/README.md leads through it: what was acknowledged is there again."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.faults.soak.arena.arena import Arena, open_arena
from tests.faults.soak.arena.standby import promote
from tests.faults.soak.trial import Plan, carry_out
from tests.faults.test_projector_faults import busy_log
from tests.support.inputs.log_writing import open_log
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.replaying import verified
from tests.support.waiting import wait_until

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


@pytest.mark.timeout(400)
async def test_a_replica_is_promoted_while_a_rebuild_swaps(tmp_path: Path) -> None:
    async with (
        open_arena(tmp_path / "arena", standby=True) as arena,
        httpx.AsyncClient(trust_env=False, timeout=60) as client,
    ):
        assert arena.standby is not None
        timeline = arena.timeline_urls[0]
        acknowledged = [await post(client, arena, number) for number in range(150)]
        rebuild = (await client.post(f"{timeline}/v1/replays", json={"kind": "rebuild"})).json()

        async def state(replay: str) -> tuple[str, str]:
            answer = await client.get(f"{timeline}/v1/replays/{replay}")
            if answer.status_code == 404:  # the replica never heard of it
                return "lost", ""
            view = answer.json()
            return view["state"], view["progress"]["phase"]

        async def nearly_done() -> bool:
            return (await state(rebuild["id"]))[1] in {"catching up", "comparing", "swapping"}

        await wait_until(nearly_done, 60, ignore=(httpx.HTTPError, KeyError))
        arena.postgres_proxy.refuse()
        await arena.members[arena.primary].kill(whole=True, hold=True)
        arena.standby.proxy.cut()
        arena.postgres_proxy.cut()
        acknowledged += [await post(client, arena, number) for number in range(150, 200)]  # ingest needs no database
        await promote(arena)
        await arena.postgres_proxy.listen()

        async def over() -> bool:
            return (await state(rebuild["id"]))[0] in {"succeeded", "failed", "cancelled", "lost"}

        await wait_until(over, 120, ignore=(httpx.HTTPError, KeyError))
        verification = (await client.post(f"{timeline}/v1/replays", json={"kind": "verify"})).json()

        async def verified_there() -> dict[str, Any]:
            answer = await client.get(f"{timeline}/v1/replays/{verification['id']}")
            result: dict[str, Any] = answer.json().get("result") or {}
            return result

        assert (await wait_until(verified_there, 120, ignore=(httpx.HTTPError,)))["equal"]
        for event_id, position in acknowledged:
            answer = await client.get(f"{timeline}/v1/events/{event_id}", headers={"timeline-position": position})
            assert answer.status_code == 200, answer.text
        assert not arena.unexpected_ends, arena.unexpected_ends


async def post(client: httpx.AsyncClient, arena: Arena, number: int) -> tuple[str, str]:
    """An event that is acknowledged: its id, and its record's position."""
    event = {"title": f"no. {number}", "when": "2020", "countries": ["IND", "CHN"], "type": "ban"}
    answer = await client.post(f"{arena.ingest_urls[0]}/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["position"]
