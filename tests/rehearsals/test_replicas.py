"""A hundred thousand reads on two replicas, of which one is promoted meanwhile. READS says how many, if not so many."""

import asyncio
import os

import pytest
from tests.support.inputs.log_writing import open_log
from tests.support.running.engines import own_postgres
from tests.support.running.processes import Services
from tests.support.running.replica_reading import Readers, append_until, client_of, replica_reads, says
from tests.support.running.replicas import own_replica, promote
from tests.support.waiting import wait_until

READS = int(os.environ.get("READS", "100000"))


@pytest.mark.timeout(3600)
async def test_no_read_of_very_many_steps_back_or_differs_while_a_replica_is_promoted(services: Services) -> None:
    async with own_postgres() as primary, own_replica(primary) as staying, own_replica(primary) as leaving:
        services.database_url = primary.address
        services.migrate()
        await services.projector()
        told = {"TIMELINE_READ_DATABASE_URL": f"{staying.address},{leaving.address}"}
        urls = [(await services.timeline(name, **told)).url for name in ("first", "second")]
        plain = await services.timeline("plain")
        stop = asyncio.Event()
        async with (
            open_log(services.bootstrap_servers, services.topic) as log,
            client_of(urls[0]) as first,
            client_of(urls[1]) as second,
            client_of(plain.url) as direct,
        ):
            readers = Readers([first, second], direct)
            writing = asyncio.create_task(append_until(log, stop, events=2, pause=0.02))
            reading = asyncio.create_task(readers.read_until(stop, 16))

            async def have_read(number: int) -> None:
                await wait_until(lambda: reading.done() or readers.reads >= number, 3000)
                if reading.done():
                    reading.result()

            await have_read(READS // 2)
            await promote(leaving)
            for client in (first, second):
                await says(client, "it is a primary, and no replica", 1)
            await have_read(READS)
            stop.set()
            await asyncio.gather(writing, reading)
            await readers.compare()
            answered = [await replica_reads(client) for client in (first, second)]
            print(f"{readers.reads} reads, {readers.compared} compared, {sum(answered)} questions answered by replicas")
            assert sum(answered) > readers.reads / 4
