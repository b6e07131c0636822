"""Reads on a real streaming replica of PostgreSQL: under load, while it is away, behind, and promoted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from tests.faults.test_projector_faults import busy_log
from tests.support.inputs.log_writing import LogWriter, open_log
from tests.support.running.engines import own_postgres
from tests.support.running.processes import Services
from tests.support.running.replica_reading import Readers, replica_reads
from tests.support.running.replicas import own_replica, promote
from tests.support.waiting import wait_until


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"host": "127.0.0.1"}  # one for all: an answer's tag is of its address, too
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, headers=headers) as client:
        yield client


async def append_until(log: LogWriter, stop: asyncio.Event) -> None:
    """Write to the log, a little at a time."""
    for number in range(10_000):
        if stop.is_set():
            return
        await log.append(*busy_log(20, number))


async def test_answers_from_a_replica_are_the_primarys_under_load_and_while_it_is_promoted(
    services: Services,
) -> None:
    async with own_postgres() as primary, own_replica(primary) as replica:
        services.database_url = primary.address
        services.migrate()
        await services.projector()
        told = {"TIMELINE_READ_DATABASE_URL": replica.address}
        first, second = await services.timeline("first", **told), await services.timeline("second", **told)
        plain = await services.timeline("plain")
        stop = asyncio.Event()
        async with (
            open_log(services.bootstrap_servers, services.topic) as log,
            client_of(first.url) as one,
            client_of(second.url) as other,
            client_of(plain.url) as direct,
        ):
            await log.append(*busy_log(200, 7))
            readers = Readers([one, other], direct)

            async def read_from_it(least: int) -> bool:
                return all([await replica_reads(client) >= least for client in (one, other)])

            writing = asyncio.create_task(append_until(log, stop))
            reading = asyncio.create_task(readers.read_until(stop))
            await wait_until(lambda: read_from_it(100) if not reading.done() else reading.result(), 60)
            await promote(replica)

            async def says_why(client: httpx.AsyncClient) -> bool:
                (said,) = (await client.get("/v1/status")).json()["replicas"]
                return "it is a primary, and no replica" in (said["why_not"] or "")

            for client in (one, other):
                await wait_until(lambda client=client: says_why(client))
                assert (await client.get("/readyz")).json() == {"status": "ready", "replicas": "0 of 1 are read"}
            goal = readers.reads + 50
            await wait_until(lambda: readers.reads >= goal)
            stop.set()
            await asyncio.gather(writing, reading)
            assert readers.compared > 10
            await readers.compare()
