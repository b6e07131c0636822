"""The log as a projector reads it: its share of the partitions, from where it says, under the group's assignment."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    UnsupportedCodecError,
)
from aiokafka.structs import OffsetAndMetadata

from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import close_client, start_client
from timeline_service.adapters.kafka.lenient import read_leniently
from timeline_service.adapters.kafka.raw_records import raw_of
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.judge.decoding import RawRecord

_LOG: Final = logging.getLogger(__name__)
#: The least that brokers allow, unless they are told otherwise: a dead projector's partitions move soon.
SESSION_SECONDS: Final = 6.0
_FETCH_BYTES: Final = 1024 * 1024
_BOUNDS_SECONDS: Final = 5.0
_METADATA_SECONDS: Final = 10  # after which a topic that was made anew, or has grown, is noticed


class KafkaReader:
    """A member of the projector's consumer group. A partition is read only after `begin` says from where.

    Making one raises UnavailableError where what Kafka is to be shown cannot be read any more.

    aiokafka logs and swallows what a rebalance listener raises, so the listener only counts rebalances; the
    projector takes partitions over when it sees that `assignment` has grown.
    """

    def __init__(self, access: KafkaAccess, topic: str, group: str, session_seconds: float = SESSION_SECONDS) -> None:
        self.assignment = 0
        self._topic = topic
        self._consumer = AIOKafkaConsumer(
            **_arguments(access),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=250,
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(session_seconds * 250),
            request_timeout_ms=15_000,
            metadata_max_age_ms=int(_METADATA_SECONDS * 1000),
        )
        self._consumer.subscribe([topic], listener=self)

    async def start(self) -> None:
        """Join the group; raises UnavailableError. Whatever comes of it, `stop` it in the end."""
        try:
            await start_client(self._consumer)
        except (KafkaError, OSError, TimeoutError) as error:
            raise UnavailableError(f"Kafka is out of reach: {error}") from error

    async def stop(self) -> None:
        """Leave the group, or only cut the connections where Kafka does not answer. Raises nothing."""
        await close_client(self._consumer)

    def partitions(self) -> list[int]:
        """The partitions that the group has given us."""
        return sorted(item.partition for item in self._consumer.assignment())

    async def bounds(self, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        """The first offset of each partition and the one after its last; raises UnavailableError."""
        wanted = [TopicPartition(self._topic, partition) for partition in partitions]
        try:
            async with asyncio.timeout(_BOUNDS_SECONDS):
                starts = await self._consumer.beginning_offsets(wanted)
                ends = await self._consumer.end_offsets(wanted)
        except (KafkaError, TimeoutError) as error:
            raise UnavailableError(f"Kafka is out of reach: {error or type(error).__name__}") from error
        return {item.partition: (starts[item], ends[item]) for item in wanted}

    def ends(self) -> dict[int, int]:
        """The offset after the last record of each of our partitions, as far as fetches have told them."""
        ends = {item.partition: self._consumer.highwater(item) for item in self._consumer.assignment()}
        return {partition: end for partition, end in ends.items() if end is not None}

    async def position(self, partition: int) -> int | None:
        """The offset that is read next, behind all records that were returned; None if it is no longer ours."""
        try:
            return int(await self._consumer.position(TopicPartition(self._topic, partition)))
        except IllegalStateError:
            return None

    def pause(self, partition: int) -> None:
        """Read no more of a partition."""
        try:
            self._consumer.pause(TopicPartition(self._topic, partition))
        except IllegalStateError:
            _LOG.debug("partition %d is no longer ours", partition)

    def begin(self, partition: int, offset: int) -> None:
        """Read a partition from an offset on."""
        where = TopicPartition(self._topic, partition)
        try:
            self._consumer.seek(where, offset)
            self._consumer.resume(where)
        except IllegalStateError:  # it was taken away meanwhile: the next rebalance says so
            _LOG.debug("partition %d is no longer ours", partition)

    async def read(self, most: int) -> dict[int, list[RawRecord]]:
        """The next records by partition, none if there are none for half a second.

        Raises UnavailableError, and HaltError where the log no longer has the offset that we are at.
        """
        try:
            batches = await self._consumer.getmany(timeout_ms=500, max_records=most)
        except NoOffsetForPartitionError:  # a partition between its assignment and `begin`
            return {}
        except OffsetOutOfRangeError as error:
            raise HaltError(
                f"the log no longer has the offset at which the projection stands ({error}): it was cut or made anew. "
                "Restore the log, or start a new projection from what is left of it"
            ) from error
        except UnicodeDecodeError as error:
            read_leniently()
            raise UnavailableError(
                "a header's name is not UTF-8: reading again from the checkpoint, leniently"
            ) from error
        except UnsupportedCodecError as error:
            raise HaltError(f"the log holds records that are compressed in a way unknown here: {error}") from error
        except KafkaError as error:
            raise UnavailableError(f"Kafka is out of reach: {error}") from error
        return {item.partition: [raw_of(record) for record in records] for item, records in batches.items()}

    async def report(self, next_offsets: Mapping[int, int]) -> None:
        """Tell Kafka how far we are. Lag tools read it; we never do, so a failure is only noted."""
        offsets = {TopicPartition(self._topic, p): OffsetAndMetadata(o, "") for p, o in next_offsets.items()}
        try:
            await asyncio.wait_for(self._consumer.commit(offsets), 5)
        except (KafkaError, TimeoutError) as error:
            _LOG.debug("offsets were not reported: %s", error)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Hold what is new until `begin`; part of aiokafka's listener."""
        for item in assigned:
            self._consumer.seek(item, 0)
        if assigned:
            self._consumer.pause(*assigned)
        self.assignment += 1

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing to do: whoever is next fences us; part of aiokafka's listener."""


def _arguments(access: KafkaAccess) -> dict[str, Any]:
    try:
        return access.arguments()
    except KafkaError as error:
        raise UnavailableError(f"Kafka is out of reach: {error}") from error


ConsumerRebalanceListener.register(KafkaReader)  # an ABC of an untyped library: registered, not inherited
