"""Where the log begins and ends, for whoever wants to know how far the projection is behind."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import close_client, start_client
from timeline_service.adapters.kafka.lenient import read_leniently
from timeline_service.errors import UnavailableError

Found = TypeVar("Found")
_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 2.0
_AWAY_SECONDS: Final = 0.25
_RECORD_SECONDS: Final = 2.0


class KafkaOffsets:
    """A consumer of no group, which reads a record only to tell its time. It connects when asked, and after trouble.

    While Kafka is away nobody waits for long: one request goes on asking for all, and whoever comes meanwhile is told
    soon that it is away.
    """

    def __init__(self, access: KafkaAccess, topic: str) -> None:
        self._access = access
        self._topic = topic
        self._consumer: AIOKafkaConsumer | None = None
        self._lock = asyncio.Lock()
        self._away = ""
        self._asking: dict[object, asyncio.Task[Any]] = {}

    async def bounds(self, partitions: int | None = None) -> dict[int, tuple[int, int]]:
        """The first offset of each partition and the one after its last, of so many or of all that there are.

        Raises UnavailableError.
        """
        return await self._asked(partitions, lambda: self._bounds(partitions))

    async def appended_at(self, next_offsets: Mapping[int, int]) -> dict[int, int]:
        """When Kafka appended the first record from each offset on, in milliseconds; none where none came in time.

        Raises UnavailableError.
        """
        return await self._asked(tuple(next_offsets.items()), lambda: self._appended_at(next_offsets))

    async def _asked(self, what: object, ask: Callable[[], Coroutine[Any, Any, dict[int, Found]]]) -> dict[int, Found]:
        """What comes of a request, which others wait for, too; raises UnavailableError when it takes too long."""
        task = self._asking.get(what)
        if task is None:
            task = self._asking[what] = asyncio.create_task(self._ask(what, ask))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits any more
        patience = _AWAY_SECONDS if self._away else _PATIENCE_SECONDS
        done, _ = await asyncio.wait({task}, timeout=patience)
        if done:
            return dict(task.result())
        raise UnavailableError(self._away or f"Kafka is out of reach: no answer within {patience:g} s")

    async def _ask(self, what: object, ask: Callable[[], Coroutine[Any, Any, dict[int, Found]]]) -> dict[int, Found]:
        try:
            async with self._lock, asyncio.timeout(_SECONDS):
                found = await ask()
            self._away = ""
            return found
        except (KafkaError, OSError, TimeoutError) as error:
            await self._disconnect()
            self._away = f"Kafka is out of reach: {error or type(error).__name__}"
            raise UnavailableError(self._away) from error
        finally:
            del self._asking[what]

    async def _bounds(self, partitions: int | None) -> dict[int, tuple[int, int]]:
        consumer = await self._connected()
        count = await self._count(consumer) if partitions is None else partitions
        wanted = [TopicPartition(self._topic, partition) for partition in range(count)]
        starts = await consumer.beginning_offsets(wanted)
        ends = await consumer.end_offsets(wanted)
        return {item.partition: (starts[item], ends[item]) for item in wanted}

    async def _appended_at(self, next_offsets: Mapping[int, int]) -> dict[int, int]:
        try:
            return await self._first_times(next_offsets)
        except UnicodeDecodeError:  # a header's name: read it again, leniently
            read_leniently()
            await self._disconnect()
            return await self._first_times(next_offsets)

    async def _first_times(self, next_offsets: Mapping[int, int]) -> dict[int, int]:
        found: dict[int, int] = {}
        consumer = await self._connected()
        consumer.assign([TopicPartition(self._topic, partition) for partition in next_offsets])
        for partition, offset in next_offsets.items():
            consumer.seek(TopicPartition(self._topic, partition), offset)
        ends = time.monotonic() + _RECORD_SECONDS
        while found.keys() < next_offsets.keys() and time.monotonic() < ends:
            for item, records in (await consumer.getmany(timeout_ms=200)).items():
                found.setdefault(item.partition, records[0].timestamp)
                consumer.pause(item)
        consumer.unsubscribe()
        return found

    async def close(self) -> None:
        """Let the connection go, and whoever asks."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        async with self._lock:
            await self._disconnect()

    async def _count(self, consumer: AIOKafkaConsumer) -> int:
        if consumer.partitions_for_topic(self._topic) is None:  # it knows topics that it was asked about
            await consumer.beginning_offsets([TopicPartition(self._topic, 0)])
        return len(consumer.partitions_for_topic(self._topic))

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**self._access.arguments(), request_timeout_ms=5_000)
            try:
                await start_client(consumer)
            except BaseException:
                await close_client(consumer)
                raise
            self._consumer = consumer
        return self._consumer

    async def _disconnect(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await close_client(consumer)
