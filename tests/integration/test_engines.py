import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from tests.support.running.engines import own_kafka, own_postgres

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess
from service_edge.topic_check import check_topic


async def test_a_topic_is_made_as_the_contract_has_it(kafka: str, topic: str) -> None:
    assert (await check_topic(KafkaAccess(kafka), topic)).partitions == 3


async def test_every_test_has_an_empty_database(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
        assert await connection.fetchval("show fsync") == "on"
    finally:
        await connection.close()


async def test_a_killed_kafka_keeps_what_it_acknowledged() -> None:
    async with own_kafka() as engine:
        await create_topic(KafkaAccess(engine.address), "kept", partitions=1)
        producer = AIOKafkaProducer(bootstrap_servers=engine.address, acks="all")
        await producer.start()
        await producer.send_and_wait("kept", b"value")
        await producer.stop()
        await engine.kill()
        await engine.start()
        consumer = AIOKafkaConsumer("kept", bootstrap_servers=engine.address)
        await consumer.start()
        try:
            partition = TopicPartition("kept", 0)
            assert await consumer.end_offsets([partition]) == {partition: 1}
        finally:
            await consumer.stop()


async def test_a_killed_postgres_keeps_what_it_committed() -> None:
    async with own_postgres() as engine:
        connection = await asyncpg.connect(engine.address)
        await connection.execute("create table kept as select 1 as one")
        await engine.kill()
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await connection.execute("select 1")
        connection.terminate()
        await engine.start()
        connection = await asyncpg.connect(engine.address)
        engine.pause()
        with pytest.raises(TimeoutError):
            await connection.fetchval("select one from kept", timeout=0.2)
        engine.resume()
        await connection.close()
        connection = await asyncpg.connect(engine.address)
        try:
            assert await connection.fetchval("select one from kept") == 1
        finally:
            await connection.close()
