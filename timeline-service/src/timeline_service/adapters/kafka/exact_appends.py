"""Records appended at the offsets and with the times that they had before.

Kafka numbers records itself, and nobody can produce a gap. But the marker that ends a transaction takes one offset, and
is no record: a gap of so many offsets is so many transactions without a record in them, as most gaps were before.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import InvalidTimestampError, KafkaError, MessageSizeTooLargeError

from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import start_client
from timeline_service.adapters.kafka.scan import KafkaScan
from timeline_service.errors import RestoreError, UnavailableError
from timeline_service.judge.decoding import RawRecord

_LOG_APPEND_TIME: Final = 1
_BATCH_BYTES: Final = 512 * 1024
_LEAVE_SECONDS: Final = 5.0
_MARKER_SECONDS: Final = 30.0


class ExactAppends:
    """Appends to a topic that takes a writer's word for the time, and batches of at most `limit` bytes.

    What is appended is known to stand where it has to, or the methods raise RestoreError; or UnavailableError.
    """

    def __init__(self, access: KafkaAccess, topic: str, limit: int, scan: KafkaScan) -> None:
        self._access = access
        self._topic = topic
        self._limit = limit
        self._scan = scan
        self._producers: dict[str, AIOKafkaProducer] = {}

    async def append(self, records: Sequence[RawRecord]) -> None:
        """Append records of a partition that follow one another, with their times."""
        at = 0
        while at < len(records):
            producer = await self._producer("plain")
            batch = producer.create_batch()
            taken = _fill(batch, records[at:])
            if batch.size() > self._limit:  # a single one, which was compressed when it was written first
                producer = await self._producer("zstd", compression_type="zstd")
                batch = producer.create_batch()
                taken = _fill(batch, records[at : at + 1])
            await self._send(producer, batch, records[at], records[at + taken - 1].offset + 1)
            at += taken

    async def finish_markers(self) -> None:
        """End what an earlier attempt has left of a transaction, which writes the marker that it was to write."""
        await self._transactions()

    async def pass_over(self, partition: int, start: int, end: int) -> None:
        """Have the offsets of a gap taken by markers."""
        producer = await self._transactions()
        with _going_away():
            for _ in range(start, end):
                await producer.begin_transaction()
                # What sending a record in it would do first.
                producer._txn_manager.maybe_add_partition_to_txn(TopicPartition(self._topic, partition))
                await producer.commit_transaction()
        reached = await self._end(partition)
        ends = asyncio.get_running_loop().time() + _MARKER_SECONDS
        while reached < end and asyncio.get_running_loop().time() < ends:  # the last marker may come after its answer
            await asyncio.sleep(0.01)
            reached = await self._end(partition)
        self._require_turn(partition, end, reached)

    async def leave(self) -> None:
        """Let the connections go."""
        for producer in self._producers.values():
            await asyncio.wait({asyncio.ensure_future(producer.stop())}, timeout=_LEAVE_SECONDS)

    async def _send(self, producer: AIOKafkaProducer, batch: Any, first: RawRecord, end: int) -> None:
        place = f"{first.partition}:{first.offset}"
        try:
            with _going_away():
                sent = await (await producer.send_batch(batch, self._topic, partition=first.partition))
        except MessageSizeTooLargeError as error:
            raise RestoreError(
                f"the record {place} is larger than the topic takes: set max.message.bytes of {self._topic} higher, "
                "and run this again"
            ) from error
        except InvalidTimestampError as error:
            raise RestoreError(f"Kafka does not take the time of the record {place}, {first.timestamp}") from error
        if sent.offset >= 0:
            self._require_turn(first.partition, first.offset, sent.offset)
        else:  # it was sent twice, and Kafka knows of the first time only that it was there
            self._require_turn(first.partition, end, await self._end(first.partition))
        if sent.timestamp_type == _LOG_APPEND_TIME:
            raise RestoreError(f"{self._topic} has begun to set times itself: delete the topic, and begin anew")

    async def _end(self, partition: int) -> int:
        return (await self._scan.bounds(partition + 1))[partition][1]

    async def _transactions(self) -> AIOKafkaProducer:
        return await self._producer("transactions", transactional_id=f"timeline-restore.{self._topic}")

    async def _producer(self, use: str, **options: str) -> AIOKafkaProducer:
        if use not in self._producers:
            with _going_away():
                self._producers[use] = producer = AIOKafkaProducer(
                    **self._access.arguments(),
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=min(_BATCH_BYTES, self._limit),
                    **options,
                )
                await start_client(producer)
        return self._producers[use]

    def _require_turn(self, partition: int, wanted: int, found: int) -> None:
        if found != wanted:
            raise RestoreError(
                f"partition {partition} goes on at {found}, expected {wanted}: somebody else writes to {self._topic}. "
                "Stop that, delete the topic, and begin anew"
            )


@asynccontextmanager
async def exact_appends(access: KafkaAccess, topic: str, limit: int, scan: KafkaScan) -> AsyncIterator[ExactAppends]:
    """Appends to a topic, whose connections are let go at the end."""
    appends = ExactAppends(access, topic, limit, scan)
    try:
        yield appends
    finally:
        await appends.leave()


def _fill(batch: Any, records: Iterable[RawRecord]) -> int:
    """Put records into a batch until it is full; returns how many."""
    taken = 0
    for raw in records:
        if batch.append(timestamp=raw.timestamp, key=raw.key, value=raw.value, headers=[*raw.headers]) is None:
            break
        taken += 1
    return taken


@contextmanager
def _going_away() -> Iterator[None]:
    try:
        yield
    except (MessageSizeTooLargeError, InvalidTimestampError):
        raise  # the broker answers, and says no
    except (KafkaError, OSError, TimeoutError) as error:
        raise UnavailableError(f"Kafka is out of reach: {error or type(error).__name__}") from error
