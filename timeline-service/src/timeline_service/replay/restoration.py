"""A log put back into Kafka from its exports: the same partitions, offsets and times, and so the same projection.

All that the files say of themselves is verified before anything is sent. What is there already must be the beginning of
what they hold, so that a restoration that was broken off is gone on with, and nobody's records are added to. In the end
all of it is read back and compared, and only then the topic is sealed: until then no service takes it for a log.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from service_edge.kafka_access import KafkaAccess
from service_edge.topic_check import TopicUnavailableError, check_topic
from timeline_service.adapters.kafka.exact_appends import ExactAppends, exact_appends
from timeline_service.adapters.kafka.restored_topic import RestoredTopic
from timeline_service.adapters.kafka.scan import KafkaScan, open_scan
from timeline_service.adapters.postgres.adoption import Standing
from timeline_service.domain.replays import PartitionProgress, Progress
from timeline_service.errors import HaltError, RestoreError, UnavailableError
from timeline_service.judge.decoding import RawRecord
from timeline_service.projector.same_log import require_same_record
from timeline_service.replay.archive import Archive

Tell = Callable[[Progress], None]
_NONE: Final[Sequence[Standing]] = ()
_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: where the log is now, how many records it has, and how many were sent; None: it was there."""

    topic: str
    cluster_id: str
    partitions: int
    records: int
    sent: int | None


@dataclass(slots=True)
class Restoration:
    """An archive on its way into a Kafka, and how far it is.

    Methods raise ArchiveError, RestoreError and UnavailableError.
    """

    archive: Archive
    access: KafkaAccess
    tell: Tell
    progress: Progress = field(default_factory=Progress)

    def verify(self, standings: Sequence[Standing] = _NONE) -> int:
        """Check every line's hashes, and that projections that stand so are of this log; returns how many records."""
        for standing in standings:
            self._require_reach(standing)
        wanted: dict[tuple[int, int], list[Standing]] = {}
        for standing in standings:
            if (last := standing.checkpoint.last_offset) is not None:
                wanted.setdefault((standing.checkpoint.partition, last), []).append(standing)
        self._begin("verifying the files")
        records = 0
        for partition in range(self.archive.partitions):
            for raw in self._records(partition):
                for standing in wanted.pop((partition, raw.offset), ()):
                    _require_same(standing, raw)
                records += 1
        for standing, *_ in wanted.values():
            _require_same(standing, None)
        return records

    async def run(self, records: int, *, replace_empty: bool) -> Restored:
        """Send what is missing of so many records, compare all of it, and seal the topic."""
        archive, access = self.archive, self.access
        topic = RestoredTopic(access, archive.topic, archive.partitions)
        is_open, sent = await topic.open(replace_empty=replace_empty), None
        async with open_scan(access, archive.topic) as scan:
            if is_open:
                async with exact_appends(access, archive.topic, topic.limit, scan) as appends:
                    if records < sum(archive.next_offsets):
                        await appends.finish_markers()
                    await self._compare(scan, "looking at what is there", whole=False)
                    sent = await self._send(scan, appends)
                await self._compare(scan, "reading it back", whole=True)
                await topic.seal()
            else:
                await self._require_there(scan)
        try:
            sealed = await check_topic(access, archive.topic)
        except TopicUnavailableError as error:
            raise UnavailableError(str(error)) from error
        return Restored(archive.topic, sealed.cluster_id, archive.partitions, records, sent)

    async def _send(self, scan: KafkaScan, appends: ExactAppends) -> int:
        """What is not there yet, partition by partition; returns how many records."""
        self._begin("sending")
        sent = 0
        bounds = await scan.bounds(self.archive.partitions)
        for partition, end in enumerate(self.archive.next_offsets):
            at = bounds[partition][1]
            following: list[RawRecord] = []
            for raw in self._records(partition):
                if raw.offset < at:
                    continue
                if following and (raw.offset > following[-1].offset + 1 or len(following) == _AT_ONCE):
                    await appends.append(following)
                    sent, at, following = sent + len(following), following[-1].offset + 1, []
                if not following and raw.offset > at:
                    await appends.pass_over(partition, at, raw.offset)
                    at = raw.offset
                following.append(raw)
            if following:
                await appends.append(following)
                sent, at = sent + len(following), following[-1].offset + 1
            if at < end:
                await appends.pass_over(partition, at, end)
        return sent

    async def _require_there(self, scan: KafkaScan) -> None:
        """Raises RestoreError unless a topic that is sealed holds all of the archive, and perhaps more since."""
        try:
            await self._compare(scan, "comparing", whole=True)
        except RestoreError as error:
            raise RestoreError(
                f"{self.archive.topic} is not empty there, and is not what is to be restored ({error}). Nothing was "
                "sent: name a Kafka without it"
            ) from error

    async def _compare(self, scan: KafkaScan, phase: str, *, whole: bool) -> None:
        """Raises RestoreError unless the topic holds what the archive begins with or, if `whole`, all of it."""
        self._begin(phase)
        bounds = await scan.bounds(self.archive.partitions)
        for partition, end in enumerate(self.archive.next_offsets):
            start, reached = bounds[partition]
            if start > 0:
                raise RestoreError(f"partition {partition} begins at {start} there: records before it were deleted")
            if reached > end and not whole:
                raise RestoreError(f"partition {partition} goes up to {reached} there, and the exports to {end}")
            if reached < end and whole:
                raise RestoreError(f"partition {partition} ends at {reached} there, and the exports at {end}")
            await self._compare_partition(scan, partition, min(reached, end))

    async def _compare_partition(self, scan: KafkaScan, partition: int, end: int) -> None:
        expected = takewhile(lambda raw: raw.offset < end, self._records(partition))
        async for batch in scan.read(partition, 0, end):
            for found in batch:
                if (wanted := next(expected, None)) != found:
                    offset = found.offset if wanted is None else min(found.offset, wanted.offset)
                    raise RestoreError(f"partition {partition} differs from the exports at {partition}:{offset}")
        if (wanted := next(expected, None)) is not None:
            raise RestoreError(f"partition {partition} lacks the record {partition}:{wanted.offset} of the exports")

    def _records(self, partition: int) -> Iterator[RawRecord]:
        part = self.progress.partitions[partition]
        for batch in self.archive.records(partition):
            for raw, size in batch:
                part.bytes += size
                yield raw
            part.records = batch[-1][0].offset + 1
            self.tell(self.progress)

    def _begin(self, phase: str) -> None:
        self.progress.phase = phase
        ends = enumerate(self.archive.next_offsets)
        self.progress.partitions = {partition: PartitionProgress(total=end) for partition, end in ends}
        self.tell(self.progress)

    def _require_reach(self, standing: Standing) -> None:
        held, archive = standing.checkpoint, self.archive
        if held.partition_count != archive.partitions:
            raise RestoreError(
                f"generation {standing.generation} knows {held.partition_count} partitions, the exports "
                f"{archive.partitions}: they are of another log"
            )
        if held.next_offset > (end := archive.next_offsets[held.partition]):
            raise RestoreError(
                f"generation {standing.generation} has read partition {held.partition} up to {held.next_offset}, and "
                f"the exports end at {end}: what it shows would not be in the log. Restore from later exports, or "
                "leave --projection out, and have a projection made in an empty database"
            )


def _require_same(standing: Standing, record: RawRecord | None) -> None:
    """Raises RestoreError unless a record is the last one that a generation has projected."""
    try:
        require_same_record(standing.checkpoint, record)
    except HaltError as error:
        held = standing.checkpoint
        raise RestoreError(
            f"generation {standing.generation} has projected something else than the record that the exports hold at "
            f"{held.partition}:{held.last_offset}: they are of another log"
        ) from error
