"""Debezium's JDBC sink on the events of a log, in the form that it takes, into a table with a primary key."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from tests.bench.floors.bare_producer import Records, open_producer, send_pairs
from tests.bench.large_log import fill_log
from tests.bench.peers.connect_jars import SINK, PeerMissingError
from tests.bench.peers.kafka_connect import BATCH, KafkaConnect, kafka_connect
from tests.bench.processor import cpu_seconds
from tests.bench.watching import watch_until
from tests.support.inputs.log_writing import read_log
from tests.support.waiting import wait_until

from event_schemas.json_text import write_json
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess

_TASKS: Final = 2
_WAIT_SECONDS: Final = 300
_WARMING: Final = 20_000
_TABLE: Final = "bench_sink"
#: As many columns as events are listed by; the whole event goes into the last one, as text.
_COLUMNS: Final = ("id", "accepted_at", "title", "dated", "type", "countries", "content")
_SCHEMA: Final = {
    "type": "struct",
    "optional": False,
    "fields": [{"field": name, "type": "string", "optional": False} for name in _COLUMNS],
}
_CREATE: Final = f"create table {_TABLE} ({', '.join(f'{each} text not null' for each in _COLUMNS)}, primary key (id))"
_THERE: Final = f"select count(*) from {_TABLE} where id = any($1::text[])"
Pairs = list[tuple[bytes | None, bytes | None]]


@dataclass(frozen=True, slots=True)
class Sunk:
    """Events, and so rows, a second, and seconds of its process for each."""

    rate: float
    cpu_seconds: float


class JdbcSink:
    """A worker that has been warmed up."""

    def __init__(self, connect: KafkaConnect, bootstrap_servers: str) -> None:
        self._connect = connect
        self._bootstrap_servers = bootstrap_servers

    async def sink(self, url: str, records: Records) -> Sunk:
        """Have it write the events of records, which are in a topic before, from when it owns partitions to the last.

        Raises PeerMissingError unless all have become rows.
        """
        try:
            return await self._sink(url, records)
        except (AssertionError, TimeoutError, httpx.HTTPError) as error:
            raise PeerMissingError(f"{SINK} cannot be measured: {error!r}") from error

    async def _sink(self, url: str, records: Records) -> Sunk:
        name, partitions = f"sink-{uuid4().hex}", _sink_records(records)
        await create_topic(KafkaAccess(self._bootstrap_servers), name)
        last = [pairs[-1][0].decode() for pairs in partitions.values() if pairs[-1][0]]
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(_CREATE)
            await self._connect.start_connector(name, _settings(name, url))
            await self._owned(name)
            await self._connect.hold_connector(name)
            await self._fill(name, partitions)
            start, cpu = time.perf_counter(), cpu_seconds(self._connect.worker)
            await self._connect.release_connector(name)

            async def done() -> bool:
                return int(await connection.fetchval(_THERE, last)) == len(last)

            await watch_until(done, _WAIT_SECONDS)
            seconds, cpu = time.perf_counter() - start, cpu_seconds(self._connect.worker) - cpu
            if (rows := await connection.fetchval(f"select count(*) from {_TABLE}")) != len(records):
                raise PeerMissingError(f"{SINK}: of {len(records)} events {rows} have become rows")
            return Sunk(len(records) / seconds, cpu / len(records))
        finally:
            await self._connect.stop_connector(name)
            await connection.execute(f"drop table {_TABLE}")
            await connection.close()

    async def warm_up(self, url: str) -> None:
        """Have it write some events twice, so that its virtual machine has compiled what it runs."""
        topic = f"warm-{uuid4().hex}"
        await create_topic(KafkaAccess(self._bootstrap_servers), topic)
        await fill_log(self._bootstrap_servers, topic, _WARMING)
        records = await read_log(self._bootstrap_servers, topic)
        for _ in range(2):
            await self.sink(url, records)

    async def _fill(self, topic: str, partitions: dict[int, Pairs]) -> None:
        async with open_producer(self._bootstrap_servers) as producer:
            await asyncio.gather(*(send_pairs(producer, topic, *each) for each in partitions.items()))

    async def _owned(self, name: str) -> None:
        """Wait until its tasks share the partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap_servers)
        await admin.start()

        async def stable() -> bool:
            (answer,) = await admin.describe_consumer_groups([f"connect-{name}"])
            _, _, state, _, _, members, *_ = answer.groups[0]
            if state == "Stable" and len(members) == _TASKS:
                return True
            await self._connect.task_states(name)
            return False

        try:
            await wait_until(stable, 60, ignore=(KafkaError,))
        finally:
            await admin.close()


@asynccontextmanager
async def jdbc_sink(bootstrap_servers: str) -> AsyncIterator[JdbcSink]:
    """A sink, for as many logs as one likes; raises PeerMissingError if it cannot be had."""
    async with kafka_connect(bootstrap_servers) as connect:
        yield JdbcSink(connect, bootstrap_servers)


def _sink_records(records: Records) -> dict[int, Pairs]:
    """The log's events as JSON with its schema, in the partitions in which they are."""
    partitions: dict[int, Pairs] = defaultdict(list)
    for record in records:
        value = json.loads(record.value)
        partitions[record.partition].append((record.key, write_json({"schema": _SCHEMA, "payload": _row(value)})))
    return partitions


def _row(value: dict[str, Any]) -> dict[str, str]:
    event = value["data"]["event"]
    return {
        "id": value["subject"],
        "accepted_at": value["time"],
        "title": event["title"],
        "dated": event["when"],
        "type": event["type"],
        "countries": ",".join(event["countries"]),
        "content": write_json(event).decode(),
    }


def _settings(topic: str, url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
        "tasks.max": str(_TASKS),
        "topics": topic,
        "connection.url": f"jdbc:postgresql://{parts.hostname}:{parts.port}{parts.path}?reWriteBatchedInserts=true",
        "connection.username": parts.username or "",
        "connection.password": parts.password or "none",
        "insert.mode": "upsert",
        "primary.key.mode": "record_value",
        "primary.key.fields": "id",
        "schema.evolution": "none",
        "collection.name.format": _TABLE,
        "batch.size": str(BATCH),
    }
