"""Reads on a real streaming replica of PostgreSQL: under load, while it is away, behind, and promoted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from tests.support.inputs.log_writing import open_log, recording
from tests.support.running.engines import OwnEngine, own_postgres
from tests.support.running.processes import Services
from tests.support.running.replica_reading import Readers, append_until, client_of, replica_reads, replicas_of, says
from tests.support.running.replicas import execute, own_replica, promote
from tests.support.waiting import wait_until


@dataclass
class Pair:
    """A primary, and the replica that follows it."""

    primary: OwnEngine
    replica: OwnEngine


@pytest.fixture(scope="module")
async def pair() -> AsyncIterator[Pair]:
    """One pair for all tests here, of which the last promotes the replica."""
    async with own_postgres() as primary, own_replica(primary) as replica:
        yield Pair(primary, replica)
        await replica.kill()  # sooner than in order
        await primary.kill()


@pytest.fixture
async def on_pair(services: Services, pair: Pair) -> AsyncIterator[Services]:
    """Processes on a database of the primary that is made anew."""
    await execute(f"{pair.primary.address.rpartition('/')[0]}/postgres", "drop database dyadline with (force)")
    await execute(f"{pair.primary.address.rpartition('/')[0]}/postgres", "create database dyadline")
    services.database_url = pair.primary.address
    services.migrate()
    await services.projector()
    yield services
    await services.stop()


async def test_one_that_is_behind_or_away_is_not_waited_for_long(on_pair: Services, pair: Pair) -> None:
    service = await on_pair.timeline(
        TIMELINE_READ_DATABASE_URL=pair.replica.address, TIMELINE_REPLICA_WAIT_SECONDS="0.05"
    )
    async with open_log(on_pair.bootstrap_servers, on_pair.topic) as log, client_of(service.url) as client:

        async def shown(title: str) -> int:
            """Post an event and read it; how many questions the replica has answered of that."""
            before = await replica_reads(client)
            (position,) = await log.append(recording(title))
            answer = await client.get("/v1/timelines/CHN-IND?limit=50", headers={"timeline-position": position})
            assert title in [item["title"] for item in answer.json()["items"]]
            return await replica_reads(client) - before

        async def read_there() -> bool:
            return await shown("one that is read there") > 0

        await says(client, None)
        await wait_until(read_there)
        await execute(pair.replica.address, "select pg_wal_replay_pause()")
        try:
            assert await shown("one that the replica does not hold") == 0
            (said,) = await replicas_of(client)
            assert (said["why_not"], said["lag"]) == (None, 1)
            assert said["lag_seconds"] is not None
            assert 'dyadline_replica_lag_records{replica="127.0.0.1' in (await client.get("/metrics")).text
            before = await replica_reads(client)
            assert (await client.get("/v1/timelines/ARG-BRA")).json()["items"] == []
            assert await replica_reads(client) == before + 1, "of a pair that nothing has touched since it holds all"
        finally:
            await execute(pair.replica.address, "select pg_wal_replay_resume()")
        await wait_until(read_there)
        pair.replica.pause()
        try:
            assert await shown("one while it hangs") == 0
            await says(client, "it has not answered for 2 s")
            assert await shown("one after it hung") == 0
        finally:
            pair.replica.resume()
        await says(client, None)
        await wait_until(read_there)
        await pair.replica.kill()
        assert await shown("one while it is away") == 0
        await says(client, "out of reach")
        await pair.replica.start()
        await says(client, None)
        await wait_until(read_there)


async def test_what_is_no_replica_of_the_database_is_not_read(on_pair: Services, pair: Pair, database_url: str) -> None:
    await execute(pair.primary.address, "drop database if exists other")
    await execute(pair.primary.address, "create database other")
    other = f"{pair.replica.address.rpartition('/')[0]}/other"
    async with AsyncExitStack() as stack:
        for number, (url, why_not) in enumerate(
            ((other, "it names another database of the cluster"), (database_url, "it is a primary, and no replica"))
        ):
            service = await on_pair.timeline(f"timeline-{number}", TIMELINE_READ_DATABASE_URL=url)
            client = await stack.enter_async_context(client_of(service.url))
            await says(client, why_not)
            assert (await client.get("/v1/timelines")).json()["items"] == []
            assert why_not in service.log
        on_pair.database_url = database_url
        on_pair.migrate()
        service = await on_pair.timeline("elsewhere", TIMELINE_READ_DATABASE_URL=pair.replica.address)
        await says(await stack.enter_async_context(client_of(service.url)), "it is of another cluster")


async def test_no_answer_steps_back_or_differs_under_load_and_while_it_is_promoted(
    on_pair: Services, pair: Pair
) -> None:
    told = {"TIMELINE_READ_DATABASE_URL": pair.replica.address}
    urls = [(await on_pair.timeline(name, **told)).url for name in ("first", "second")]
    plain = await on_pair.timeline("plain")
    stop = asyncio.Event()
    async with (
        open_log(on_pair.bootstrap_servers, on_pair.topic) as log,
        client_of(urls[0]) as first,
        client_of(urls[1]) as second,
        client_of(plain.url) as direct,
    ):
        readers = Readers([first, second], direct)
        writing, reading = asyncio.create_task(append_until(log, stop)), asyncio.create_task(readers.read_until(stop))

        async def read_there() -> bool:
            if reading.done():
                reading.result()
            return min([await replica_reads(client) for client in (first, second)]) >= 50

        await wait_until(read_there, 60)
        await promote(pair.replica)
        for client in (first, second):
            await says(client, "it is a primary, and no replica")
            assert (await client.get("/readyz")).json() == {"status": "ready", "replicas": "0 of 1 are read"}
        goal = readers.reads + 50
        await wait_until(lambda: reading.done() or readers.reads >= goal)
        stop.set()
        await asyncio.gather(writing, reading)
        assert readers.compared > 10
        await readers.compare()
