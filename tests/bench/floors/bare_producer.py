"""The floors of ingest: the log's own records, sent again by a bare aiokafka producer with ingest's settings."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaProducer, ConsumerRecord

from event_schemas.records import HEADERS, MAX_RECORD_BYTES

_HEADERS: Final = list(HEADERS)
_BATCH_BYTES: Final = 512 * 1024
Records = Sequence[ConsumerRecord[bytes, bytes]]


async def send_in_batches(bootstrap_servers: str, topic: str, records: Records) -> float:
    """Send all records through the batch API, partitions side by side; returns records a second."""
    by_partition: dict[int, list[tuple[bytes | None, bytes | None]]] = defaultdict(list)
    for record in records:
        by_partition[record.partition].append((record.key, record.value))
    async with open_producer(bootstrap_servers) as producer:
        start = time.perf_counter()
        await asyncio.gather(*(send_pairs(producer, topic, number, pairs) for number, pairs in by_partition.items()))
        return len(records) / (time.perf_counter() - start)


async def send_one_by_one(bootstrap_servers: str, topic: str, records: Records) -> list[float]:
    """Send each record and wait for its acknowledgement; returns the milliseconds that each took."""
    taken = []
    async with open_producer(bootstrap_servers) as producer:
        for record in records:
            start = time.perf_counter()
            await producer.send_and_wait(topic, record.value, record.key, headers=_HEADERS)
            taken.append((time.perf_counter() - start) * 1000)
    return taken


async def send_from_many(bootstrap_servers: str, topic: str, records: Records, tasks: int) -> float:
    """Have so many tasks send the records between them, each waiting for its own; returns records a second."""
    left = iter(records)
    async with open_producer(bootstrap_servers) as producer:

        async def send() -> None:
            for record in left:
                await producer.send_and_wait(topic, record.value, record.key, headers=_HEADERS)

        start = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(tasks)))
        return len(records) / (time.perf_counter() - start)


async def send_pairs(
    producer: AIOKafkaProducer, topic: str, partition: int, pairs: Sequence[tuple[bytes | None, bytes | None]]
) -> None:
    """Send keys and values to a partition in as few batches as hold them."""
    sent, end = [], 0
    while end < len(pairs):
        batch = producer.create_batch()
        while end < len(pairs):
            key, value = pairs[end]
            if batch.append(timestamp=None, key=key, value=value, headers=_HEADERS) is None:
                break
            end += 1
        batch.close()
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)


@asynccontextmanager
async def open_producer(bootstrap_servers: str) -> AsyncIterator[Any]:
    """A producer with ingest's settings."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=_BATCH_BYTES,
        max_request_size=MAX_RECORD_BYTES,
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
