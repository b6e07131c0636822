"""The records of the arena's own in the topic, so that nobody looks for who else has posted them."""

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from tests.faults.soak.arena.titles import NEMESIS

if TYPE_CHECKING:
    from tests.faults.soak.arena.arena import Arena

_SILENCE_SECONDS: Final = 5.0
_TITLED: Final = f'"title":"{NEMESIS}'.encode()


@dataclass(frozen=True, slots=True)
class Foreign:
    """A record that the arena itself, or its nemesis, has written into the topic. `kind` says what it is."""

    partition: int
    offset: int
    kind: str

    @property
    def position(self) -> str:
        """Where it stands: `partition:offset`."""
        return f"{self.partition}:{self.offset}"


async def note_own_records(arena: "Arena") -> None:
    """Find all that the arena, its nemesis and the nemesis' strangers have written, and note it as `foreign`."""
    consumer = AIOKafkaConsumer(bootstrap_servers=arena.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(arena.topic, number) for number in range(arena.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Foreign] = []
        heard = time.monotonic()
        # What lies before an end may be a marker only, of which nothing is heard.
        while waiting := [at for at in partitions if await consumer.position(at) < ends[at]]:
            for records in (await consumer.getmany(*waiting, timeout_ms=200)).values():
                heard = time.monotonic()
                found += (
                    Foreign(each.partition, each.offset, kind) for each in records if (kind := _kind(arena, each))
                )
            if time.monotonic() - heard > _SILENCE_SECONDS:
                break
        arena.foreign[:] = found
    finally:
        await consumer.stop()


def _kind(arena: "Arena", record: "ConsumerRecord[bytes, bytes]") -> str:
    """What a record of our own is; empty for one of others."""
    value = record.value or b""
    return arena.sent.get(hashlib.sha256(value).hexdigest(), "an event" if _TITLED in value else "")
