"""The log as a writer sees it: records appended in batches, each acknowledged with its position or unknown."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from event_schemas.positions import format_position
from event_schemas.records import HEADERS, MAX_RECORD_BYTES
from ingest_service.domain.accept import Accepted
from ingest_service.errors import UnavailableError
from service_edge.topic_check import TopicUnavailableError, TopicUnfitError, check_topic

_LOG: Final = structlog.get_logger()
_BATCH_BYTES: Final = 512 * 1024
_HEADERS: Final = list(HEADERS)  # aiokafka's builder takes a list and nothing else
_LONGEST_PAUSE: Final = 5.0
_STOP_SECONDS: Final = 5.0


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


class KafkaLog:
    """A supervised idempotent producer (`acks=all`).

    After a failed acknowledgement the producer is made anew, since aiokafka can stick in such a state (1017).
    What is sent twice because of that has the same event id, so that it is judged a duplicate.
    """

    def __init__(self, bootstrap_servers: str, topic: str, append_seconds: float) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._topic = topic
        self._seconds = append_seconds
        self._partitions = 0
        self._producer: AIOKafkaProducer | None = None
        self._broken = asyncio.Event()
        self._reason = "it was not reached yet"

    async def run(self) -> None:
        """Keep a producer for as long as the process runs; cancel to stop it."""
        pause = 0.1
        while True:
            try:
                topic = await check_topic(self._bootstrap_servers, self._topic)
                self._partitions = topic.partitions
                await self._produce()
                pause = 0.1
            except (TopicUnavailableError, TopicUnfitError, KafkaError, OSError) as error:
                if str(error) != self._reason:
                    _LOG.error("no log", reason=str(error))
                self._reason = str(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def require_ready(self) -> None:
        """Raises UnavailableError unless the topic can be trusted and a broker answers now."""
        producer = self._require_producer()
        try:
            async with asyncio.timeout(3):
                await producer.client.fetch_all_metadata()
                if not producer.client.cluster.partitions_for_topic(self._topic):
                    raise UnavailableError(f"Kafka does not have the topic {self._topic}")
        except (KafkaError, OSError, TimeoutError) as error:
            raise UnavailableError(f"Kafka is out of reach: {error or type(error).__name__}") from error

    async def append(self, accepted: Sequence[Accepted]) -> list[Appended | None]:
        """Append records; for each where it stands, or None where no acknowledgement with a position came.

        Raises UnavailableError if nothing was sent.
        """
        producer = self._require_producer()
        by_partition: dict[int, list[int]] = {}
        for index, item in enumerate(accepted):
            partition = (murmur2(item.key) & 0x7FFFFFFF) % self._partitions
            by_partition.setdefault(partition, []).append(index)
        results: list[Appended | None] = [None] * len(accepted)
        sends = []
        for partition, indexes in sorted(by_partition.items()):
            for batch, members in _batches(producer, accepted, indexes):
                sends.append(self._send(producer, partition, batch, members, results))
        await asyncio.gather(*sends)
        return results

    def _require_producer(self) -> AIOKafkaProducer:
        if self._producer is None or self._broken.is_set():
            raise UnavailableError(f"the log is out of reach: {self._reason}")
        return self._producer

    async def _produce(self) -> None:
        self._broken = asyncio.Event()
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            max_request_size=2 * MAX_RECORD_BYTES,
            request_timeout_ms=int(self._seconds * 1000),
        )
        try:
            await producer.start()
            self._producer = producer
            self._reason = "Kafka does not acknowledge"
            _LOG.info("appending", topic=self._topic, partitions=self._partitions)
            await self._broken.wait()
        finally:
            self._producer = None
            await _stop(producer)

    async def _send(
        self, producer: Any, partition: int, batch: Any, members: Sequence[int], results: list[Appended | None]
    ) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                acknowledged = await producer.send_batch(batch, self._topic, partition=partition)
                metadata = await acknowledged
        except (KafkaError, OSError, TimeoutError) as error:
            _LOG.warning("not acknowledged", partition=partition, records=len(members), reason=repr(error))
            self._broken.set()
            return
        if metadata.offset is None or metadata.offset < 0 or not metadata.timestamp or metadata.timestamp < 0:
            self._broken.set()  # aiokafka's answer to DuplicateSequenceNumber: recorded, it does not know where
            return
        recorded_at = datetime.fromtimestamp(metadata.timestamp / 1000, UTC)
        for place, index in enumerate(members):
            results[index] = Appended(partition, metadata.offset + place, recorded_at)


def _batches(producer: Any, accepted: Sequence[Accepted], indexes: Sequence[int]) -> list[tuple[Any, list[int]]]:
    """The records of one partition in as many batches as they need, each with the indexes of its members."""
    batches: list[tuple[Any, list[int]]] = []
    for index in indexes:
        item = accepted[index]
        if batches and batches[-1][0].append(timestamp=None, key=item.key, value=item.value, headers=_HEADERS):
            batches[-1][1].append(index)
            continue
        batch = producer.create_batch()
        batch.append(timestamp=None, key=item.key, value=item.value, headers=_HEADERS)
        batches.append((batch, [index]))
    return batches


async def _stop(producer: Any) -> None:
    """End a producer; one whose broker is away would wait for it without end."""
    try:
        await asyncio.wait_for(producer.stop(), _STOP_SECONDS)
    except (KafkaError, OSError, TimeoutError) as error:
        _LOG.debug("the producer did not stop in order", reason=repr(error))
