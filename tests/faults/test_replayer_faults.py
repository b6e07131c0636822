"""A replayer killed in each phase: what it was at is held up there by a lock, in the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import psutil
import pytest
from tests.faults.test_projector_faults import append_slowly, busy_log
from tests.integration.test_rebuilds import append_unknown
from tests.support.inputs.log_writing import open_log, recording
from tests.support.running.free_ports import free_port
from tests.support.running.generations import connected_to, copy_generation
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.replaying import over, replayed, replays_of, verified
from tests.support.waiting import wait_until

from service_edge.kafka_access import KafkaAccess
from service_edge.topic_check import KafkaTopic
from timeline_service.adapters.postgres.database import close_pool, open_pool
from timeline_service.adapters.postgres.replays import REPLAYER, PostgresReplays
from timeline_service.code_version import code_version
from timeline_service.domain.replays import Replay
from timeline_service.errors import StuckError, UnavailableError
from timeline_service.replay.attempt import Attempt
from timeline_service.replay.log import ReplayedLog
from timeline_service.replay.steps.catch_up import CatchUp
from timeline_service.replay.steps.swap import try_to_swap
from timeline_service.settings import Settings

_GATE = 7_001
#: Where a rebuild is held up in each of its phases: a trigger on a table, of the new generation or of all.
_PHASES = {
    "loading": "before update on {g}.checkpoints for each row when (new.applied > 0 and old.applied = 0)",
    "indexing": "",
    "catching up": "before update on {g}.checkpoints for each row when (new.epoch > old.epoch)",
    "digesting": "",
    "comparing": "before update on timeline.replays for each row when (new.result is not null and old.result is null)",
    "swapping": "before update on timeline.generations for each row when (new.live and not old.live)",
}
_COMMANDS = {"indexing": "CREATE INDEX", "digesting": "CREATE TABLE AS"}


@pytest.mark.parametrize("phase", _PHASES)
async def test_a_rebuild_whose_replayer_is_killed_goes_on(services: Services, phase: str) -> None:
    services.migrate()
    await services.projector()
    replayer = await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log, replays_of(services) as replays:
        await log.append(*busy_log(200, 21))
        await projected(services)
        async with gate(services.database_url, phase) as control:
            filed = await replays.file("rebuild")
            await wait_until(lambda: is_held_up(control), 60)
            appending = asyncio.create_task(append_slowly(log, busy_log(200, 22)))
            await replayer.kill()
            await appending
        assert (await replays.replay(str(filed["id"])) or {})["state"] == "running"
        await projected(services)  # the live generation goes on
        replayer.start()
        view = await over(replays, str(filed["id"]))
        assert view["state"] == "succeeded", view
        assert view["result"]["equal"], view["result"]
        await projected(services, generation=view["result"]["generation"])
        await verified(services)
        assert not await left_behind(services.database_url)


@asynccontextmanager
async def gate(url: str, phase: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Hold up whoever comes to a phase for as long as this lasts; then what is left of it holds up nobody."""
    connection, control = await asyncpg.connect(url), await asyncpg.connect(url)
    wait = f"begin perform pg_advisory_xact_lock_shared({_GATE}); return new; end"
    try:
        await connection.execute(f"select pg_advisory_lock({_GATE})")
        await control.execute(f"create function public.held_up() returns trigger language plpgsql as $$ {wait} $$")
        if phase in _COMMANDS:
            await control.execute(
                "create function public.held_up_command() returns event_trigger language plpgsql as "
                "$$ begin if to_regclass('timeline_g2.revisions_pkey') is not null then "  # not as tables are made
                f"perform pg_advisory_xact_lock_shared({_GATE}); end if; end $$; "
                f"create event trigger held_up on ddl_command_end when tag in ('{_COMMANDS[phase]}') "
                "execute function public.held_up_command()"
            )
        elif "{g}" in _PHASES[phase]:  # as soon as there is a new generation
            where = _PHASES[phase].format(g="timeline_g2")
            statement = f"create trigger held_up {where} execute function public.held_up()"
            await control.execute(
                "create function public.prepare() returns event_trigger language plpgsql as $$ begin "
                "if to_regclass('timeline_g2.documents') is not null and not exists "
                "(select from pg_trigger where tgname = 'held_up') then "
                f"execute '{statement}'; end if; end $$; "
                "create event trigger prepare on ddl_command_end when tag in ('CREATE TABLE') "
                "execute function public.prepare()"
            )
        else:
            await control.execute(f"create trigger held_up {_PHASES[phase]} execute function public.held_up()")
        yield control
    finally:
        await connection.close()
        await control.close()


async def is_held_up(control: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """Whether somebody waits at the gate."""
    waiting = f"select count(*) > 0 from pg_locks where locktype = 'advisory' and objid = {_GATE} and not granted"
    return bool(await control.fetchval(waiting))


async def left_behind(url: str) -> list[str]:
    """Schemas of replays, and generations that nobody finishes."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "select nspname from pg_namespace where starts_with(nspname, 'timeline_scratch') "
            "union all select n::text from timeline.generations where not ready"
        )
    finally:
        await connection.close()
    return [row[0] for row in rows]


async def test_a_replayer_whose_connection_is_cut_lets_go_and_goes_on(services: Services) -> None:
    services.migrate()
    await services.projector()
    replayer = await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log, replays_of(services) as replays:
        await log.append(*busy_log(100, 23))
        await projected(services)
        async with gate(services.database_url, "loading") as control:
            filed = await replays.file("rebuild")
            await wait_until(lambda: is_held_up(control), 60)
            cut = (
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and starts_with(application_name, $1)"
            )
            assert len(await control.fetch(cut, REPLAYER)) == 1
            await wait_until(lambda: replayer.log.count("replaying") == 2)
        view = await over(replays, str(filed["id"]))
        assert view["state"] == "succeeded", view
        await projected(services, generation=view["result"]["generation"])
        await verified(services)


async def test_an_outage_is_no_attempt_and_a_worker_that_is_killed_is_one(services: Services) -> None:
    services.migrate()
    await services.projector()
    away = await services.replayer("away", KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    async with open_log(services.bootstrap_servers, services.topic) as log, replays_of(services) as replays:
        await log.append(*busy_log(60, 25))
        await projected(services)
        filed = str((await replays.file("rebuild"))["id"])
        await wait_until(lambda: away.log.count("replaying") >= 3)
        await away.terminate()
        assert await stuck(replays, filed) == 0
        async with gate(services.database_url, "loading") as control:
            replayer = await services.replayer()
            await wait_until(lambda: is_held_up(control), 60)
            assert replayer.pid is not None
            for worker in psutil.Process(replayer.pid).children():
                worker.kill()
            await wait_until(lambda: stuck(replays, filed))
        view = await over(replays, filed)
        assert view["state"] == "succeeded", view
        assert await stuck(replays, filed) == 1


async def stuck(replays: PostgresReplays, replay_id: str) -> int:
    """How often a replay has come to a stop."""
    row = await replays.replay(replay_id)
    assert row is not None
    return int(row["attempts"])


async def test_what_is_away_hinders_a_swap_and_what_is_locked_has_it_stuck(services: Services) -> None:
    services.migrate()
    other, url = await copy_generation(services.database_url), services.database_url
    pool = await open_pool(url, most=3)
    topic = KafkaTopic(services.topic, "a cluster", 3)
    async with connected_to(url) as connection:
        hindrances: list[UnavailableError | None] = []
        for bootstrap_servers in (f"127.0.0.1:{free_port()}", services.bootstrap_servers, services.bootstrap_servers):
            settings = Settings(kafka=KafkaAccess(bootstrap_servers), topic=services.topic)
            replay = Replay(uuid4(), "activate", None, other, datetime.now(UTC), 0, False, None)
            attempt, log = Attempt(settings, pool, replay), ReplayedLog(settings, topic)
            locking = connection.transaction()
            await locking.start()
            if len(hindrances) < 2:
                await connection.execute("select from timeline.generations for update")
            hindrances.append(await try_to_swap(attempt, log, CatchUp(attempt, log, other), other))
            await locking.rollback()
    await close_pool(pool)
    assert [type(hindrance) for hindrance in hindrances] == [UnavailableError, StuckError, type(None)]
    assert "locked by somebody else" in str(hindrances[1])


async def test_a_generation_that_is_stopped_before_the_live_one_is_not_waited_for(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log, replays_of(services) as replays:
        await log.append(*(recording(f"no. {number}") for number in range(900)))
        await projected(services)
        other = await copy_generation(services.database_url)
        async with gate(services.database_url, "comparing") as control:
            await control.execute(_NOTHING_JUDGED)
            filed = await replays.file("activate", generation=other)
            await wait_until(lambda: is_held_up(control), 60)
            await append_unknown(log, 1, partition=0)
            await projected(services)
        view = await over(replays, str(filed["id"]), 50)
        assert view["state"] == "failed", view
        assert "partition 0 of generation 2 is stopped at" in view["reason"]
        assert "nearly no record can be judged by this code" in view["reason"]
        await projected(services)


#: Another release has made it, and could judge nothing of partition 0; this one does not try again.
_NOTHING_JUDGED = f"""
update timeline.generations set code_version = '0.0.1+old' where n = 2;
delete from timeline_g2.revisions where partition = 0;
insert into timeline_g2.outcomes (partition, "offset", event_id, outcome, problem, recorded_at, code_version)
select 0, place, gen_random_uuid(), 'parked', 'unknown-version', now(), '{code_version()}'
from timeline_g2.checkpoints, generate_series(0, next_offset - 1) as place
where partition = 0
"""


async def test_a_cancelled_rebuild_leaves_nothing_behind(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log, replays_of(services) as replays:
        await log.append(*busy_log(100, 24))
        await projected(services)
        async with gate(services.database_url, "indexing") as control:
            filed = await replays.file("rebuild")
            await wait_until(lambda: is_held_up(control), 60)
            assert await replays.cancel(str(filed["id"])) is not None
        view = await over(replays, str(filed["id"]))
        assert view["state"] == "cancelled", view
        assert not await left_behind(services.database_url)
        assert (await replayed(services, "rebuild"))["result"]["equal"]
