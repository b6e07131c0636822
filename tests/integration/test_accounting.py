"""Each offset of the log is accounted for: by the verdict on its record, or as one that holds none."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from tests.integration.test_parking import id_in
from tests.support.inputs.log_writing import START, open_log, recording
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.replaying import replayed, verified
from tests.support.waiting import wait_until

from event_schemas.countries import all_countries
from event_schemas.records import HEADERS, encode_value
from timeline_service.adapters.postgres.database import open_pool
from timeline_service.adapters.postgres.migrations import migrate_database
from timeline_service.adapters.postgres.projection import Advance, Checkpoint, PostgresProjection
from timeline_service.errors import FencedError, HaltError
from timeline_service.judge.batch import EventState, fold_batch
from timeline_service.judge.decoding import DecodedRecord, RawRecord, decode_record

CROWD: Final = [code for code, _ in all_countries()[:60]]


async def rows(services: Services, query: str) -> list[tuple[Any, ...]]:
    """What a query of the test's database answers."""
    connection = await asyncpg.connect(services.database_url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_a_partition_that_is_stopped_within_a_batch_goes_no_further(services: Services) -> None:
    services.migrate()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        crowds = [recording(f"summit {n}", countries=CROWD, event_id=id_in("0:0", n)) for n in range(22)]
        await log.append(*crowds)
        later = [recording("of a later version", event_id=id_in("0:0", n)) for n in range(22, 1_112)]
        sent = [
            await log.producer.send(
                log.topic,
                encode_value(record).replace(b"recorded.v2", b"recorded.v9"),
                key=record.event_id.encode(),
                headers=list(HEADERS),
            )
            for record in later
        ]
        await asyncio.gather(*sent)
        projector = await services.projector()
        await wait_until(lambda: "partition stopped" in projector.log)
        await log.append(*(recording("elsewhere", event_id=id_in("1:0", n)) for n in range(10)))

        async def elsewhere() -> bool:
            return (10,) in await rows(services, "select applied from timeline_g1.checkpoints where partition = 1")

        await wait_until(elsewhere)
    ((reached, counted, stopped),) = await rows(
        services,
        "select next_offset, applied + duplicate + rejected + parked + gaps, stopped from timeline_g1.checkpoints "
        "where partition = 0",
    )
    assert stopped
    assert reached == counted
    ((judged,),) = await rows(
        services,
        "select (select count(*) from timeline_g1.revisions where partition = 0) "
        "+ (select count(*) from timeline_g1.outcomes where partition = 0)",
    )
    assert judged == reached


async def test_offsets_without_records_are_counted_and_counted_alike_by_replays(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    servers = services.bootstrap_servers
    async with AIOKafkaProducer(bootstrap_servers=servers, transactional_id=services.topic) as producer:

        async def send(number: int) -> None:
            event = recording("in a transaction", event_id=id_in("1:0", number))
            await (
                await producer.send(
                    services.topic, encode_value(event), key=event.event_id.encode(), headers=list(HEADERS)
                )
            )

        for number in range(3):  # each ends with a marker, the last one at the partition's end
            async with producer.transaction():
                await send(number)
        await producer.begin_transaction()
        await send(3)
        await producer.abort_transaction()
    async with open_log(servers, services.topic) as log:
        await log.append(recording("after them", event_id=id_in("1:0", 9)))
    query = "select next_offset, applied + parked, gaps from timeline_g{}.checkpoints where partition = 1"

    async def level() -> bool:
        return (9, 5, 4) in await rows(services, query.format(1))

    await wait_until(level)
    await projected(services)
    await verified(services)
    rebuilt = await replayed(services, "rebuild")
    assert rebuilt["result"]["equal"], rebuilt
    assert await rows(services, query.format(2)) == [(9, 5, 4)]


@pytest.fixture
async def projection(database_url: str) -> AsyncIterator[PostgresProjection]:
    """Generation 1 of an empty projection."""
    await migrate_database(database_url)
    pool = await open_pool(database_url, most=3)
    yield PostgresProjection(pool, 1)
    await pool.close()


def decoded_records(*offsets: int) -> list[DecodedRecord]:
    """Records of new events at some offsets of partition 0."""
    records = [(offset, recording(f"event {offset}")) for offset in offsets]
    return [
        decode_record(
            RawRecord(0, offset, offset, record.event_id.encode(), encode_value(record), tuple(HEADERS)),
            START + timedelta(seconds=offset),
            lambda _: 0,
        )
        for offset, record in records
    ]


async def write(projection: PostgresProjection, held: Checkpoint, taken: list[DecodedRecord]) -> Checkpoint:
    """Write a batch of partition 0."""
    known = {item.event_id: EventState() for item in taken if item.event_id is not None}
    advance = Advance(taken[-1].position.offset, 0, b"", START)
    return (await projection.write({0: held}, {0: advance}, fold_batch(taken, known)))[0]


async def test_a_batch_that_leaves_out_a_record_is_not_written(projection: PostgresProjection) -> None:
    (held,) = (await projection.take_over([0], "test", "", 3)).values()
    held = await write(projection, held, decoded_records(0, 1))
    with pytest.raises(HaltError, match="no longer add up"):
        await write(projection, held, decoded_records(2, 4))
    with pytest.raises(HaltError, match="no longer add up"):
        await projection.pass_markers(held, 5, 2)
    assert await projection.checkpoints() == {0: held}
    two, four = decoded_records(2, 4)
    held = await write(projection, held, [two, four._replace(gap=1)])
    held = await projection.pass_markers(held, 7, 2)
    assert await projection.checkpoints() == {0: held}


async def test_nothing_is_written_of_a_stopped_partition(projection: PostgresProjection) -> None:
    (held,) = (await projection.take_over([0], "test", "", 3)).values()
    await projection.stop(held, "nearly no record can be judged")
    with pytest.raises(FencedError, match="stopped"):
        await write(projection, held, decoded_records(0))
    with pytest.raises(FencedError):
        await projection.pass_markers(held, 1, 1)
    assert await projection.checkpoints() == {0: held}
    assert await projection.load([decoded_records(0)[0].event_id or ""], [], parked=False)
