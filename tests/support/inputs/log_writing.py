"""Records as the ingest service would append them, and a writer that appends them, or any other bytes."""

import itertools
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from event_schemas.events import derive_uuid, digest_of, read_content
from event_schemas.positions import format_position
from event_schemas.records import HEADERS, Record, encode_value

START: Final = datetime(2026, 2, 13, tzinfo=UTC)
_ticks = itertools.count()


def accepted_next() -> datetime:
    """A time later than all before."""
    return START + timedelta(microseconds=next(_ticks))


def recording(
    title: str = "a ban",
    when: str = "2020",
    countries: Sequence[str] = ("IN", "CN"),
    *,
    event_id: str | None = None,
    accepted_at: datetime | None = None,
    **fields: Any,
) -> Record:
    """The record of an event."""
    event, content = read_content({"title": title, "when": when, "countries": list(countries), "type": "ban", **fields})
    digest = digest_of(content)
    identifier = event_id or str(uuid4())
    return Record(
        record_id=derive_uuid("recorded", identifier, digest),
        event_id=identifier,
        action="recorded",
        principal="anonymous",
        accepted_at=accepted_at or accepted_next(),
        event=event,
        content=content,
        digest=digest,
    )


def telling_now(event_id: str, *said: Any, reason: str = "as the feed has it", **fields: Any) -> Record:
    """The record of a feed that says again how things are; it has an id of its own."""
    told = recording(*said, event_id=event_id, **fields)
    return told._replace(record_id=str(uuid4()), reason=reason, on_existing="correct")


def correcting(
    event_id: str,
    title: str = "a ban",
    when: str = "2020",
    countries: Sequence[str] = ("IN", "CN"),
    *,
    reason: str = "a better source",
    expected_revision: int | None = None,
    record_id: str | None = None,
    **fields: Any,
) -> Record:
    """The record of a correction; of a retracted event it is a reinstatement."""
    new = recording(title, when, countries, event_id=event_id, **fields)
    return Record(
        record_id=record_id or str(uuid4()),
        event_id=event_id,
        action="corrected",
        principal="anonymous",
        accepted_at=new.accepted_at,
        event=new.event,
        content=new.content,
        digest=new.digest,
        reason=reason,
        expected_revision=expected_revision,
    )


def retracting(event_id: str, *, record_id: str | None = None, expected_revision: int | None = None) -> Record:
    """The record of a retraction."""
    return Record(
        record_id=record_id or derive_uuid("retracted", event_id, str(next(_ticks))),
        event_id=event_id,
        action="retracted",
        principal="anonymous",
        accepted_at=accepted_next(),
        reason="it did not happen",
        expected_revision=expected_revision,
    )


@dataclass(slots=True)
class LogWriter:
    """Appends to one topic."""

    producer: AIOKafkaProducer
    topic: str

    async def append(self, *records: Record) -> list[str]:
        """Append records in their order, in one go; returns their positions."""
        sent = [
            await self.producer.send(
                self.topic, encode_value(record), key=record.event_id.encode(), headers=list(HEADERS)
            )
            for record in records
        ]
        metadata = [await each for each in sent]
        return [format_position(item.partition, item.offset) for item in metadata]

    async def append_bytes(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: Iterable[tuple[str, bytes | None]] = HEADERS,
        partition: int | None = None,
    ) -> str:
        """Append any bytes; returns their position."""
        item = await self.producer.send_and_wait(self.topic, value, key=key, headers=list(headers), partition=partition)
        return format_position(item.partition, item.offset)


@asynccontextmanager
async def open_log(bootstrap_servers: str, topic: str, *, compression: str | None = None) -> AsyncIterator[LogWriter]:
    """A writer to a topic."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        linger_ms=2,
        max_request_size=2**21,
        compression_type=compression,
    )
    await producer.start()
    try:
        yield LogWriter(producer, topic)
    finally:
        await producer.stop()


async def read_log(bootstrap_servers: str, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
    """All records of a topic up to its present end, partition by partition."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    found: list[ConsumerRecord[bytes, bytes]] = []
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        ends = await consumer.end_offsets(partitions)
        while [each for each in partitions if await consumer.position(each) < ends[each]]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
    finally:
        await consumer.stop()
    return sorted(found, key=lambda record: (record.partition, record.offset))
