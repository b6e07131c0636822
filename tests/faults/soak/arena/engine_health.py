"""Whether the engines themselves work, asked directly: until they do, nobody else can."""

from typing import TYPE_CHECKING

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from event_schemas.log_topic import replication

if TYPE_CHECKING:
    from tests.faults.soak.arena.arena import Arena


async def brokers_count(arena: "Arena") -> bool:
    """Whether each broker is counted in by the cluster; raises KafkaError, OSError or ValueError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=arena.bootstrap_servers, request_timeout_ms=5_000)
    try:
        await admin.start()
        return len((await admin.describe_cluster())["brokers"]) == len(arena.nodes)
    finally:
        await admin.close()


async def topic_takes_records(arena: "Arena") -> bool:
    """Whether each partition has a leader and copies enough; raises KafkaError, OSError or ValueError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=arena.bootstrap_servers, request_timeout_ms=5_000)
    _, in_sync = replication(len(arena.nodes))
    try:
        await admin.start()
        (described,) = await admin.describe_topics([arena.topic])
        return all(item["leader"] >= 0 and len(item["isr"]) >= in_sync for item in described["partitions"])
    finally:
        await admin.close()


async def database_answers(arena: "Arena") -> bool:
    """Whether PostgreSQL takes writes; raises PostgresError, OSError or TimeoutError."""
    connection = await asyncpg.connect(arena.database_url, timeout=5)
    try:
        return not await connection.fetchval("select pg_is_in_recovery()", timeout=5)
    finally:
        connection.terminate()
