"""The whole log as Kafka has it: every record of every partition, also those of aborted transactions."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

#: A read that brings nothing for so long ends: what lies before the end are markers, or Kafka does not answer.
_SILENCE_SECONDS: Final = 30.0
_LOG_APPEND_TIME: Final = 1


class RawRecord(NamedTuple):
    """A record's bytes and where it stands. `timestamp` is in milliseconds."""

    partition: int
    offset: int
    timestamp: int
    by_broker: bool
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    @property
    def digest(self) -> bytes:
        """Stands for all of it."""
        digest = hashlib.blake2b(b"%d %d %d" % (self.offset, self.timestamp, self.by_broker), digest_size=16)
        for name, part in (("key", self.key), ("value", self.value), *self.headers):
            digest.update(b"|%s:%d:" % (name.encode(), -1 if part is None else len(part)) + (part or b""))
        return digest.digest()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where each partition begins and ends."""

    starts: dict[int, int]
    ends: dict[int, int]


@dataclass(slots=True)
class RawLog:
    """Reads a topic from its first record to the end that it had when it was opened."""

    consumer: AIOKafkaConsumer
    bounds: Bounds

    async def records(self) -> AsyncIterator[Sequence[RawRecord]]:
        """All records in batches, each partition's in their order; raises TimeoutError where Kafka goes silent."""
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while waiting := await self._waiting():
            found = await self.consumer.getmany(*waiting, timeout_ms=500, max_records=2_000)
            for at, records in found.items():
                heard = loop.time()
                yield [_raw(record) for record in records if record.offset < self.bounds.ends[at.partition]]
            if loop.time() - heard > _SILENCE_SECONDS:
                raise TimeoutError(f"Kafka gives nothing of the partitions {sorted(at.partition for at in waiting)}")

    async def _waiting(self) -> list[TopicPartition]:
        partitions = sorted(self.consumer.assignment())
        return [at for at in partitions if await self.consumer.position(at) < self.bounds.ends[at.partition]]


@asynccontextmanager
async def open_raw_log(bootstrap_servers: str, topic: str) -> AsyncIterator[RawLog]:
    """A reader of a topic, up to where it ends now."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap_servers,
        auto_offset_reset="earliest",
        isolation_level="read_uncommitted",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        yield RawLog(
            consumer,
            Bounds({at.partition: starts[at] for at in partitions}, {at.partition: ends[at] for at in partitions}),
        )
    finally:
        await consumer.stop()


def _raw(record: "ConsumerRecord[bytes, bytes]") -> RawRecord:
    by_broker = record.timestamp_type == _LOG_APPEND_TIME
    headers = tuple(record.headers)
    return RawRecord(record.partition, record.offset, record.timestamp, by_broker, record.key, record.value, headers)
