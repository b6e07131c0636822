"""The log read from one offset to another, outside any group: for replays and exports."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, UnsupportedCodecError

from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import close_client, start_client
from timeline_service.adapters.kafka.lenient import read_leniently
from timeline_service.adapters.kafka.raw_records import raw_of
from timeline_service.domain.exports import TIMESTAMP_TYPES
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.judge.decoding import RawRecord

_FETCH_BYTES: Final = 4 * 1024 * 1024
_START_SECONDS: Final = 15.0


class KafkaScan:
    """A connection that reads ranges. Its methods raise UnavailableError when Kafka is away.

    That it is as well when nothing comes for `patience` seconds, though there are records.
    """

    def __init__(self, access: KafkaAccess, topic: str, patience: float) -> None:
        self._access = access
        self._topic = topic
        self.patience = patience
        self._consumer: AIOKafkaConsumer | None = None

    async def bounds(self, partitions: int) -> dict[int, tuple[int, int]]:
        """The first offset of each partition and the one after its last."""
        wanted = [TopicPartition(self._topic, partition) for partition in range(partitions)]
        try:
            consumer = await self._connected()
            starts, ends = await consumer.beginning_offsets(wanted), await consumer.end_offsets(wanted)
        except (KafkaError, OSError, TimeoutError) as error:
            raise _away(error) from error
        return {item.partition: (starts[item], ends[item]) for item in wanted}

    async def vector_at(self, instant: datetime, partitions: int) -> OffsetVector:
        """The offset in each partition behind all that was recorded by an instant."""
        # The first record with a later time of its own is also the first that counts as recorded later: times that
        # step back are raised to those before them.
        after = int(instant.timestamp() * 1000) + 1
        wanted = {TopicPartition(self._topic, partition): after for partition in range(partitions)}
        try:
            consumer = await self._connected()
            found = await consumer.offsets_for_times(wanted)
            ends = await consumer.end_offsets(list(wanted))
        except (KafkaError, OSError, TimeoutError) as error:
            raise _away(error) from error
        return tuple(found[item].offset if found[item] is not None else ends[item] for item in wanted)

    async def read(self, partition: int, start: int, end: int, most: int = 2_000) -> AsyncIterator[Sequence[RawRecord]]:
        """The records of a partition in the range [start, end), in batches; the log must reach so far.

        Raises HaltError where the log no longer has them.
        """
        async for batch in self._fetch(partition, start, end, most):
            yield [raw_of(record) for record in batch]

    async def read_typed(
        self, partition: int, start: int, end: int, most: int = 2_000
    ) -> AsyncIterator[Sequence[tuple[RawRecord, str]]]:
        """The same, each record with the type of its timestamp."""
        async for batch in self._fetch(partition, start, end, most):
            yield [(raw_of(record), TIMESTAMP_TYPES[record.timestamp_type]) for record in batch]

    async def _fetch(
        self, partition: int, start: int, end: int, most: int
    ) -> AsyncIterator[Sequence[ConsumerRecord[bytes, bytes]]]:
        where = TopicPartition(self._topic, partition)
        at, progressed, begun = start, time.monotonic(), False
        while at < end:
            try:
                consumer = await self._connected()
                if not begun:
                    consumer.assign([where])
                    consumer.seek(where, at)
                    begun = True
                batches = await consumer.getmany(where, timeout_ms=500, max_records=most)
                records = [record for record in batches.get(where, ()) if record.offset < end]
                reached = await consumer.position(where)  # behind the markers of transactions, too
            except UnicodeDecodeError:  # a header's name: read it again, leniently
                read_leniently()
                await self.close()
                begun = False
                continue
            except OffsetOutOfRangeError as error:
                raise HaltError(
                    f"partition {partition} of {self._topic} no longer has offset {at}: records were deleted, or the "
                    "log was cut. Restore it, or replay an export of it"
                ) from error
            except UnsupportedCodecError as error:
                raise HaltError(f"the log holds records that are compressed in a way unknown here: {error}") from error
            except (KafkaError, OSError, TimeoutError) as error:
                raise _away(error) from error
            if reached > at:
                at, progressed = reached, time.monotonic()
            elif time.monotonic() - progressed > self.patience:
                raise UnavailableError(
                    f"Kafka is out of reach: no records of partition {partition} for {self.patience:g} s"
                )
            if records:
                yield records

    async def close(self) -> None:
        """Let the connection go."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await close_client(consumer)

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **self._access.arguments(),
                enable_auto_commit=False,
                auto_offset_reset="none",
                max_partition_fetch_bytes=_FETCH_BYTES,
                request_timeout_ms=15_000,
            )
            try:
                async with asyncio.timeout(_START_SECONDS):
                    await start_client(consumer)
            except BaseException:
                await close_client(consumer)
                raise
            self._consumer = consumer
        return self._consumer


@asynccontextmanager
async def open_scan(access: KafkaAccess, topic: str, patience: float = 30) -> AsyncIterator[KafkaScan]:
    """A scan that is closed at the end. It connects when it is first asked."""
    scan = KafkaScan(access, topic, patience)
    try:
        yield scan
    finally:
        await scan.close()


def _away(error: Exception) -> UnavailableError:
    return UnavailableError(f"Kafka is out of reach: {error or type(error).__name__}")
