import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterable
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from tests.support.inputs.log_writing import LogWriter, correcting, open_log, recording, retracting, telling_now
from tests.support.running.engines import own_postgres
from tests.support.running.processes import Service, Services
from tests.support.running.projecting import projecting
from tests.support.running.projections import projected
from tests.support.waiting import wait_until

from event_schemas.records import HEADERS, Record, encode_value
from timeline_service.adapters.kafka.reader import KafkaReader

#: How long the group waits for a projector that is gone: no test is of that.
SOON = {"TIMELINE_SESSION_SECONDS": "2"}
PAIRS = [["IN", "CN"], ["IN", "US"], ["CN", "US", "FR"], ["DE", "FR"], ["DE", "IN"]]


def busy_log(events: int, seed: int) -> list[Record]:
    """Events with corrections, retractions and repetitions among them."""
    chance = random.Random(seed)
    records: list[Record] = []
    for number in range(events):
        event = recording(f"event {number}", str(chance.randint(1950, 2025)), chance.choice(PAIRS), **_named(number))
        records.append(event)
        other = chance.choice(records).event_id
        match chance.randrange(8):
            case 0:
                records.append(event)
            case 1:
                records.append(correcting(other, f"corrected {number}", "2021", chance.choice(PAIRS)))
            case 2:
                records.append(retracting(other))
            case 3:
                records.append(correcting(other, "stale", expected_revision=7))
            case 4:
                records.append(telling_now(other, f"as it is now {number}", "2022", chance.choice(PAIRS)))
    return [record._replace(batch=chance.choice([None, "feed-1", "feed-2"])) for record in records]


def _named(number: int) -> dict[str, Any]:
    """Tags, actors and publishers that events share, not always spelled alike."""
    publisher = ("Le Monde", "LE MONDE", "The Hindu")[number % 3]
    sources = [{"url": "https://example.org/", "publisher": publisher}] if number % 2 else []
    return {"tags": [f"tag-{number % 7}"], "actors": [("Huawei", "HUAWEI", "ZTE")[number % 3]], "sources": sources}


async def append_slowly(log: LogWriter, records: list[Record]) -> None:
    for start in range(0, len(records), 200):
        await log.append(*records[start : start + 200])


async def next_offsets(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("select coalesce(sum(next_offset), 0) from timeline_g1.checkpoints"))
    finally:
        await connection.close()


async def test_a_projector_killed_again_and_again_projects_each_record_once(services: Services) -> None:
    services.migrate()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(2_000, 1))
        projector = await services.projector(TIMELINE_BATCH_RECORDS="150", **SOON)
        for seed in range(2, 6):  # each time the group waits for the one that was killed
            before = await next_offsets(services.database_url)
            appending = asyncio.create_task(append_slowly(log, busy_log(750, seed)))  # so that there is more to come

            async def goes_on(before: int = before) -> bool:
                return await next_offsets(services.database_url) > before

            await wait_until(goes_on, 40)
            await projector.kill()
            projector.start()
            await appending
        await projected(services, 90)


async def test_of_two_projectors_one_is_killed(services: Services) -> None:
    services.migrate()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        first = await services.projector("first", TIMELINE_BATCH_RECORDS="100", **SOON)
        second = await services.projector("second", TIMELINE_BATCH_RECORDS="100", **SOON)

        async def shared() -> bool:
            connection = await asyncpg.connect(services.database_url)
            try:
                rows = await connection.fetch("select count(distinct owner) from timeline_g1.checkpoints")
            finally:
                await connection.close()
            return bool(rows[0][0] == 2)

        await wait_until(shared, 40)
        appending = asyncio.create_task(append_slowly(log, busy_log(3_000, 3)))
        await log.append(*busy_log(1_000, 4))
        await second.kill()
        await appending
        await projected(services, 90)
        await first.terminate()
        assert "level=error" not in first.log + second.log


async def test_postgres_restarts_while_records_arrive(services: Services) -> None:
    async with own_postgres() as postgres:
        services.database_url = postgres.address
        services.migrate()
        projector = await services.projector(TIMELINE_BATCH_RECORDS="100")
        async with open_log(services.bootstrap_servers, services.topic) as log:
            await log.append(*busy_log(300, 5))
            await projected(services)
            appending = asyncio.create_task(append_slowly(log, busy_log(3_000, 6)))
            await postgres.restart()
            await appending
            await projected(services, 90)
            more = asyncio.create_task(append_slowly(log, busy_log(1_000, 7)))
            await postgres.kill()
            await postgres.start()
            await more
            await projected(services, 90)
        assert "PostgreSQL is out of reach" in projector.log
        assert projector.pid is not None
        await projector.terminate()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "next_offset = next_offset + 100, gaps = gaps + 100, last_offset = last_offset + 100",
            "but the projection has read up to",
        ),
        ("last_sha256 = decode(repeat('00', 32), 'hex')", "reads differently at offset"),
        ("last_timestamp = last_timestamp + 1", "reads differently at offset"),
        ("cluster_id = 'another'", "was made from the Kafka cluster another"),
        ("partition_count = 12", "the projection knows 12"),
    ],
)
async def test_a_log_that_is_not_the_one_projected_halts(services: Services, change: str, words: str) -> None:
    services.migrate()
    projector = await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(30, 8))
        await projected(services)
        await projector.terminate()
        connection = await asyncpg.connect(services.database_url)
        try:
            await connection.execute(f"update timeline_g1.checkpoints set {change} where next_offset > 0")
            before = await connection.fetch("select * from timeline_g1.outcomes")
            child = await start_projector(services)
            async with asyncio.timeout(40):
                status = await child.wait()
            assert await connection.fetch("select * from timeline_g1.outcomes") == before
        finally:
            await connection.close()
    assert status == 1
    assert words in child_log(services)
    assert "level=critical event=halted" in child_log(services)


def child_log(services: Services) -> str:
    """What the projector of `start_projector` has written."""
    return (services.state_dir / "child.log").read_text()


async def start_projector(services: Services) -> asyncio.subprocess.Process:
    """A projector as a child of the test, which can see its exit status."""
    with open(services.state_dir / "child.log", "wb") as output:  # noqa: ASYNC230
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "timeline_service.cli", "project"),
            env={**os.environ, **services.environment()},
            stderr=output,
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_a_projector_in_order(services: Services, number: signal.Signals) -> None:
    services.migrate()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        child = await start_projector(services)
        appending = asyncio.create_task(append_slowly(log, busy_log(1_500, 11)))

        async def has_begun() -> bool:
            return await next_offsets(services.database_url) > 0

        await wait_until(has_begun)
        child.send_signal(number)
        async with asyncio.timeout(20):
            assert await child.wait() == 0
        assert "event=stopped" in child_log(services)
        assert "Traceback" not in child_log(services)
        await appending
        await services.projector()
        await projected(services)


async def test_a_projector_stops_although_the_database_hangs(services: Services) -> None:
    async with own_postgres() as postgres:
        services.database_url = postgres.address
        services.migrate()
        async with open_log(services.bootstrap_servers, services.topic) as log:
            child = await start_projector(services)
            await log.append(*busy_log(100, 12))
            await projected(services)
            postgres.pause()
            child.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                assert await child.wait() == 0
            postgres.resume()
        assert "Traceback" not in child_log(services)


async def test_a_marker_at_the_logs_end_is_no_stall(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    services.migrate()
    looks: list[int] = []
    bounds = KafkaReader.bounds

    async def look(reader: KafkaReader, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        looks.append(1)
        return await bounds(reader, partitions)

    monkeypatch.setattr(KafkaReader, "bounds", look)
    event = recording()
    producer = AIOKafkaProducer(bootstrap_servers=services.bootstrap_servers, transactional_id=services.topic)
    await producer.start()
    async with producer.transaction():
        await producer.send(services.topic, encode_value(event), event.event_id.encode(), headers=list(HEADERS))
    await producer.stop()
    where = (services.bootstrap_servers, services.topic, services.database_url)
    async with projecting(*where, code_version="x", stall_seconds=0.1) as task:
        await wait_until(lambda: task.done() or len(looks) > 5)
        assert not task.done()


async def test_a_fenced_projector_takes_over_again_or_leaves(services: Services) -> None:
    services.migrate()
    projector: Service = await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(30, 9))
        await projected(services)
        connection = await asyncpg.connect(services.database_url)
        try:
            await connection.execute("update timeline_g1.checkpoints set epoch = epoch + 1")
        finally:
            await connection.close()
        await log.append(*busy_log(300, 10))
        await projected(services)
    assert "another projector has taken over" in projector.log
