"""The log guard: whether the log can still be trusted, asked at each take-over and again for as long as one projects.

Every finding halts, then as later: a projector that goes on looks well, and nobody reads its warnings.

- A retention limit or compaction deletes records, and with them the proof of what is shown. A limit that has deleted
  nothing yet halts, too: the time to take it back is before it does.
- Timestamps of writers would let them backdate what they write; a single copy, or none for large records, loses what
  was acknowledged.
- A log that begins above zero has lost its beginning: no rebuild would be the same.
- With another number of partitions keys move, and an event's records are no longer read in their order.
- In another cluster, and where a checkpoint lies beyond the log's end, the same positions will be of other records:
  some would be passed over.
- A last projected record that reads differently: the log was cut and refilled, and what is shown is not what it says.

What is away (Kafka, a partition's leader, a topic that is not there) is no finding: it is asked again.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Final

import structlog

from service_edge.kafka_access import KafkaAccess
from service_edge.topic_check import TopicUnavailableError, TopicUnfitError, check_topic
from timeline_service.adapters.kafka.scan import KafkaScan, open_scan
from timeline_service.adapters.postgres.projection import Checkpoint
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.projector.same_log import require_same_record, require_trustworthy_log

_LOG: Final = structlog.get_logger()


class LogGuard:
    """Looks at the log over connections of its own, which it closes each time: some 0.1 s, of which 0.03 s are work."""

    def __init__(self, access: KafkaAccess, topic: str, seconds: float) -> None:
        self._access = access
        self._topic = topic
        self._seconds = seconds

    async def run(self, checkpoints: Callable[[], Mapping[int, Checkpoint]]) -> None:
        """Look again and again, until cancelled, or until a finding raises HaltError.

        The records of the look before are read again, too: a log that was refilled may have been read on since.
        """
        before: set[Checkpoint] = set()
        while True:
            await asyncio.sleep(self._seconds)
            held = set(checkpoints().values())
            try:
                if held:
                    await self.check(sorted(held | before, key=_place), reread=True)
                before = held
            except UnavailableError as error:
                _LOG.debug("the log is looked at later", reason=str(error))
            except HaltError:
                if _epochs(held) == _epochs(checkpoints().values()):  # else they were taken over, and looked at
                    raise

    async def check(self, checkpoints: Collection[Checkpoint], *, reread: bool) -> None:
        """Raises HaltError for a finding, UnavailableError where Kafka does not answer.

        `reread`: hold the last record that was projected of each partition against what its checkpoint says.
        """
        try:
            topic = await check_topic(self._access, self._topic)
        except TopicUnavailableError as error:
            raise UnavailableError(str(error)) from error
        except TopicUnfitError as error:
            raise HaltError(f"{error}. Set it right, and start the projector again") from error
        async with open_scan(self._access, self._topic) as scan:
            require_trustworthy_log(topic, checkpoints, await scan.bounds(topic.partitions))
            for checkpoint in checkpoints if reread else ():
                await _require_last_record(scan, checkpoint)


async def _require_last_record(scan: KafkaScan, checkpoint: Checkpoint) -> None:
    partition, last = checkpoint.partition, checkpoint.last_offset
    if last is None:
        return
    found = None
    async for records in scan.read(partition, last, last + 1, most=1):
        found = records[0]
    require_same_record(checkpoint, found)


def _epochs(checkpoints: Collection[Checkpoint]) -> set[tuple[int, int]]:
    return {(checkpoint.partition, checkpoint.epoch) for checkpoint in checkpoints}


def _place(checkpoint: Checkpoint) -> tuple[int, int]:
    return checkpoint.partition, checkpoint.next_offset
