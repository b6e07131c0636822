"""One idempotent producer's life: from its connection to the first acknowledgement that does not come."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.partitioner import murmur2

from event_schemas.positions import format_position
from event_schemas.records import HEADERS, MAX_RECORD_BYTES
from ingest_service.domain.accept import Accepted
from ingest_service.errors import UnavailableError
from service_edge.topic_check import Topic

_LOG: Final = structlog.get_logger()
_BATCH_BYTES: Final = 512 * 1024
_HEADERS: Final = list(HEADERS)  # aiokafka's builder takes a list and nothing else
_CLOSING_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a record stands in the log, and when the broker appended it."""

    partition: int
    offset: int
    recorded_at: datetime

    @property
    def position(self) -> str:
        """`partition:offset`."""
        return format_position(self.partition, self.offset)


class KafkaSession:
    """A connected producer (`acks=all`) for one topic.

    After an acknowledgement that failed or did not come it is `broken`, and has to be made anew: aiokafka can
    stick in such a state (aio-libs/aiokafka#1017). What is posted again because of that has the same event id.
    """

    def __init__(self, bootstrap_servers: str, topic: Topic, append_seconds: float) -> None:
        self.broken = asyncio.Event()
        self._topic = topic
        self._seconds = append_seconds
        # One writer at a time hands over a partition's batches, so that they stay in the order in which they came.
        self._turns: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            max_request_size=MAX_RECORD_BYTES,
            request_timeout_ms=int(append_seconds * 1000),
        )

    async def start(self) -> None:
        """Connect; raises KafkaError, OSError or TimeoutError."""
        async with asyncio.timeout(self._seconds):
            await self._producer.start()
            await self._producer.client.set_topics([self._topic.name])  # else each answer names all topics there are

    async def answers(self, seconds: float) -> bool:
        """Whether a broker answers now."""
        try:
            async with asyncio.timeout(seconds):
                return bool(await self._producer.client.force_metadata_update())
        except TimeoutError:
            return False

    async def append(self, accepted: Sequence[Accepted]) -> list[Appended | None]:
        """Append records; for each where it stands, or None where no acknowledgement with a position came.

        Raises UnavailableError if nothing was sent.
        """
        deadline = asyncio.get_running_loop().time() + self._seconds
        by_partition: dict[int, list[int]] = defaultdict(list)
        for index, item in enumerate(accepted):
            by_partition[self._partition(item.key)].append(index)
        results: list[Appended | None] = [None] * len(accepted)
        sent = await asyncio.gather(
            *(
                self._append(partition, [accepted[index] for index in indexes], indexes, results, deadline)
                for partition, indexes in by_partition.items()
            )
        )
        if accepted and not any(sent):
            raise UnavailableError("Kafka takes no records at present")
        return results

    async def close(self, seconds: float = 0) -> None:
        """Wait so long for what is under way, then give up what is not acknowledged, and disconnect."""
        if seconds:
            try:
                async with asyncio.timeout(seconds):
                    await self._producer.flush()
            except TimeoutError:
                _LOG.error("records under way were given up", seconds=seconds)
        await _give_up(self._producer)

    def _partition(self, key: bytes) -> int:
        return int(murmur2(key) & 0x7FFFFFFF) % self._topic.partitions

    async def _append(
        self,
        partition: int,
        accepted: Sequence[Accepted],
        indexes: Sequence[int],
        results: list[Appended | None],
        deadline: float,
    ) -> bool:
        """Append one partition's records; returns whether any of them was handed over."""
        handed: list[tuple[Sequence[int], asyncio.Future[Any]]] = []
        try:
            async with asyncio.timeout_at(deadline):
                async with self._turns[partition]:
                    if len(accepted) == 1:  # shares its batch with others that come at the same time
                        handed.append((indexes, await self._send(partition, accepted[0])))
                    else:
                        for batch, start, end in self._batches(accepted):
                            future = await self._producer.send_batch(batch, self._topic.name, partition=partition)
                            handed.append((indexes[start:end], future))
                for members, future in handed:
                    self._place(members, await future, results)
        except (KafkaError, TimeoutError) as error:
            _LOG.warning("not acknowledged", partition=partition, records=len(accepted), reason=repr(error))
            self.broken.set()
        finally:
            for _, future in handed:  # those that nobody waits for any more
                if not future.cancel() and not future.cancelled():
                    future.exception()
        return bool(handed)

    async def _send(self, partition: int, item: Accepted) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = await self._producer.send(
            self._topic.name, item.value, item.key, partition=partition, headers=_HEADERS
        )
        return future

    def _batches(self, accepted: Sequence[Accepted]) -> Iterator[tuple[Any, int, int]]:
        """The records in as few batches as they need, each with the range that it holds."""
        end = 0
        while end < len(accepted):
            start, batch = end, self._producer.create_batch()
            while end < len(accepted):
                item = accepted[end]
                if batch.append(timestamp=None, key=item.key, value=item.value, headers=_HEADERS) is None:
                    break
                end += 1
            batch.close()
            yield batch, start, end

    def _place(self, members: Sequence[int], metadata: Any, results: list[Appended | None]) -> None:
        if metadata.offset is None or metadata.offset < 0 or metadata.timestamp is None or metadata.timestamp < 0:
            # How aiokafka answers to DuplicateSequenceNumber: it was recorded, nobody knows where.
            _LOG.warning("acknowledged without a position", partition=metadata.partition, records=len(members))
            self.broken.set()
            return
        recorded_at = datetime.fromtimestamp(metadata.timestamp / 1000, UTC)
        for place, index in enumerate(members):
            results[index] = Appended(metadata.partition, metadata.offset + place, recorded_at)


async def _give_up(producer: Any) -> None:
    """End a producer whose broker may be away. `AIOKafkaProducer.stop` would wait for it without end."""
    producer._closed = True
    sender, client, accumulator = producer._sender, producer.client, producer._message_accumulator
    task = sender.sender_task
    if task is not None:
        task.cancel()
    try:
        await asyncio.wait_for(client.close(), _CLOSING_SECONDS)
    except (KafkaError, TimeoutError) as error:
        _LOG.debug("a connection did not close in order", reason=repr(error))
    if (update := client._md_update_fut) is not None and not update.done():
        update.set_result(False)  # nobody is left to do so, and the sender may wait for it
    if task is not None:
        await asyncio.wait({task}, timeout=_CLOSING_SECONDS)
    # A batch that waits to be sent again has left this set, but is taken out of it when it fails.
    accumulator._pending_batches.update(batch for queue in accumulator._batches.values() for batch in queue)
    pending = list(accumulator._pending_batches)
    accumulator.fail_all(KafkaConnectionError("given up"))
    for batch in pending:  # whether or not somebody still waits for them, their failure is known
        for future in (batch.future, batch._drain_waiter):
            if future.done() and not future.cancelled():
                future.exception()
