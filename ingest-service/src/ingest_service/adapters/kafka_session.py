"""One idempotent producer's life: from its connection to the first failure."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.client import ConnectionGroup
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from aiokafka.protocol.metadata import MetadataRequest

from event_schemas.partitions import partitions_of
from event_schemas.positions import format_position
from event_schemas.records import MAX_RECORD_BYTES
from ingest_service.adapters.kafka_partitions import Late, Turn
from ingest_service.domain.accept import Accepted
from ingest_service.domain.signing import Headers, Sign, leave_unsigned
from ingest_service.errors import UnavailableError
from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import start_client
from service_edge.topic_check import KafkaTopic
from service_edge.tracing import TRACEPARENT, traceparent

_LOG: Final = structlog.get_logger()
_BATCH_BYTES: Final = 512 * 1024
_CLOSING_SECONDS: Final = 1.0
#: How long what comes waits for a partition that is late before it is refused: it is not sent, so it is known.
_LATE_SECONDS: Final = 1.0
#: What Kafka calls a timestamp that the broker has set. Where it answers none, aiokafka makes one up.
_LOG_APPEND_TIME: Final = 1


class Appended(NamedTuple):
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

    What a partition does not acknowledge in time is unknown, and concerns that partition alone: until it is known, no
    more is sent there. After a failure the session is `broken`, and has to be made anew, because sequence numbers are
    lost and aiokafka can stick in such a state (aio-libs/aiokafka#1017). What is posted again has the same event id.
    """

    def __init__(
        self, access: KafkaAccess, topic: KafkaTopic, append_seconds: float, sign: Sign = leave_unsigned
    ) -> None:
        self.broken = asyncio.Event()
        self.acknowledgements = 0
        self._topic = topic
        self._seconds = append_seconds
        self._sign = sign
        self._turns: dict[int, Turn] = defaultdict(Turn)
        self._late: dict[int, Late] = {}
        self._under_way: set[asyncio.Task[bool]] = set()
        self._producer = AIOKafkaProducer(
            **access.arguments(),
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
            await start_client(self._producer)
            await self._producer.client.set_topics([self._topic.name])  # else each answer names all topics there are

    async def answers(self, seconds: float) -> bool:
        """Whether a broker answers now, be it with an acknowledgement."""
        before = self.acknowledgements
        client = self._producer.client
        # Over connections of their own: where records are sent, an answer waits until all of those are appended.
        asking = [
            asyncio.ensure_future(
                client.send(
                    broker.nodeId,
                    MetadataRequest([self._topic.name], allow_auto_topic_creation=False),
                    group=ConnectionGroup.COORDINATION,
                )
            )
            for broker in client.cluster.brokers()
        ]
        try:
            for answer in asyncio.as_completed(asking, timeout=seconds):
                try:
                    await answer
                except KafkaError:
                    continue
                return True
        except TimeoutError:
            pass
        finally:
            for asked in asking:
                asked.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        return self.acknowledgements > before

    def late_seconds(self) -> float:
        """For how long the partition that is longest late has acknowledged nothing, beyond its time; 0 if none is."""
        now = asyncio.get_running_loop().time()
        return max((now - late.since for late in self._late.values()), default=0.0)

    async def append(
        self, accepted: Sequence[Accepted], *, bulk: bool = False, ends: float = inf
    ) -> list[Appended | None]:
        """Append records; for each where it stands, or None where no acknowledgement with a position came.

        Those of a bulk go one behind the other, and posts of one event ahead of them. `ends` is when, by the loop's
        clock, the session waits no longer. Raises UnavailableError if nothing was sent.
        """
        deadline = min(asyncio.get_running_loop().time() + self._seconds, ends)
        by_partition: dict[int, list[int]] = defaultdict(list)
        homes = partitions_of([item.key for item in accepted], self._topic.partitions)
        for index, item in enumerate(accepted):
            by_partition[homes[item.key]].append(index)
        results: list[Appended | None] = [None] * len(accepted)
        tasks = [
            asyncio.create_task(
                self._append(partition, [accepted[index] for index in indexes], indexes, results, deadline, bulk)
            )
            for partition, indexes in by_partition.items()
        ]
        self._under_way.update(tasks)
        for task in tasks:
            task.add_done_callback(self._under_way.discard)
        sent = await asyncio.gather(*tasks)
        if accepted and not any(sent):
            raise UnavailableError("Kafka takes no records at present")
        return results

    async def close(self, seconds: float = 0) -> None:
        """Wait so long for what is under way, then give up what is not acknowledged, and disconnect."""
        if seconds and self._under_way:
            _, given_up = await asyncio.wait(set(self._under_way), timeout=seconds)
            if given_up:
                _LOG.error("records under way were given up", seconds=seconds)
        await _give_up(self._producer)

    async def _append(
        self,
        partition: int,
        accepted: Sequence[Accepted],
        indexes: Sequence[int],
        results: list[Appended | None],
        deadline: float,
        bulk: bool,
    ) -> bool:
        """Append one partition's records; returns whether any of them was handed over."""
        handed: list[tuple[Sequence[int], asyncio.Future[Any]]] = []
        try:
            async with asyncio.timeout_at(deadline):
                await self._hand_over(partition, accepted, indexes, handed, bulk)
                for members, future in handed:
                    self._place(members, await asyncio.shield(future), results)
        except (TimeoutError, KafkaTimeoutError):  # the latter: aiokafka found no place for it, so nothing is lost
            _LOG.warning("not acknowledged in time", partition=partition, records=len(accepted), sent=bool(handed))
        except KafkaError as error:
            _LOG.warning("not acknowledged", partition=partition, records=len(accepted), reason=repr(error))
            self.broken.set()
        finally:
            if waiting := [future for _, future in handed if not future.done()]:
                self._late.setdefault(partition, Late()).watch(waiting, partial(self._settle, partition))
            for _, future in handed:  # those that nobody waits for any more
                if future.done() and not future.cancelled():
                    future.exception()
        return bool(handed)

    async def _hand_over(
        self,
        partition: int,
        accepted: Sequence[Accepted],
        indexes: Sequence[int],
        handed: list[tuple[Sequence[int], asyncio.Future[Any]]],
        bulk: bool,
    ) -> None:
        turn = self._turns[partition]
        if len(accepted) == 1 and not bulk:  # shares its batch with others that come at the same time
            await self._until_known(partition)
            async with turn.next:
                handed.append((indexes, await self._send(partition, accepted[0])))
            return
        async with turn.bulk:
            await self._until_known(partition)
            for batch, start, end in self._batches(accepted):
                async with turn.next:
                    future = await self._producer.send_batch(batch, self._topic.name, partition=partition)
                    handed.append((indexes[start:end], future))

    async def _until_known(self, partition: int) -> None:
        if (late := self._late.get(partition)) is not None:
            await asyncio.wait_for(late.settled.wait(), _LATE_SECONDS)

    def _settle(self, partition: int, failed: bool) -> None:
        """Forget a late batch whose outcome is known now."""
        self._late.pop(partition, None)
        if failed:
            self.broken.set()
        else:
            self.acknowledgements += 1

    async def _send(self, partition: int, item: Accepted) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = await self._producer.send(
            self._topic.name,
            item.value,
            item.key,
            partition=partition,
            headers=_traced(self._sign(item.key, item.value), traceparent()),
        )
        return future

    def _batches(self, accepted: Sequence[Accepted]) -> Iterator[tuple[Any, int, int]]:
        """The records in as few batches as they need, each with the range that it holds."""
        end, parent = 0, traceparent()
        while end < len(accepted):
            start, batch = end, self._producer.create_batch()
            while end < len(accepted):
                item = accepted[end]
                headers = _traced(self._sign(item.key, item.value), parent)
                if batch.append(timestamp=None, key=item.key, value=item.value, headers=headers) is None:
                    break
                end += 1
            batch.close()
            yield batch, start, end

    def _place(self, members: Sequence[int], metadata: Any, results: list[Appended | None]) -> None:
        if metadata.timestamp_type != _LOG_APPEND_TIME or metadata.offset < 0:
            # How aiokafka answers to DuplicateSequenceNumber: it was recorded, nobody knows where. Of several records
            # that were sent one by one it counts offsets up from -1, and gives each the time that it made up itself.
            _LOG.warning("acknowledged without a position", partition=metadata.partition, records=len(members))
            self.broken.set()
            return
        self.acknowledgements += len(members)
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
    await _disconnect(client)
    if (update := client._md_update_fut) is not None and not update.done():
        update.set_result(False)  # nobody is left to do so, and the sender may wait for it
    if task is not None:
        await asyncio.wait({task}, timeout=_CLOSING_SECONDS)
        await _disconnect(client)  # the sender may just have been connecting
    # A batch that waits to be sent again has left this set, but is taken out of it when it fails.
    accumulator._pending_batches.update(batch for queue in accumulator._batches.values() for batch in queue)
    pending = list(accumulator._pending_batches)
    accumulator.fail_all(KafkaConnectionError("given up"))
    for batch in pending:  # whether or not somebody still waits for them, their failure is known
        for future in (batch.future, batch._drain_waiter):
            if future.done() and not future.cancelled():
                future.exception()


async def _disconnect(client: Any) -> None:
    try:
        await asyncio.wait_for(client.close(), _CLOSING_SECONDS)
    except (KafkaError, TimeoutError) as error:
        _LOG.debug("a connection did not close in order", reason=repr(error))


def _traced(headers: Headers, parent: str | None) -> Headers:
    """A record's headers and, where its request is traced, the span below which readers go on."""
    return headers if parent is None else [*headers, (TRACEPARENT, parent.encode())]
