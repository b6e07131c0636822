"""The log that is replayed: whether it can be trusted, and where it ends."""

from collections.abc import Collection, Mapping
from typing import Any

from service_edge.topic_check import KafkaTopic, TopicUnavailableError, TopicUnfitError, check_topic
from timeline_service.adapters.kafka.scan import open_scan
from timeline_service.domain.replays import Until
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.settings import Settings


class ReplayedLog:
    """The log in Kafka. Its methods raise UnavailableError when that is away."""

    def __init__(self, settings: Settings, topic: KafkaTopic) -> None:
        self._access = settings.kafka
        self.topic = topic

    def require_origin(self, origins: Collection[tuple[str, int]]) -> None:
        """Raises HaltError if the live generation was made from another log: this one must not take its place."""
        topic = self.topic
        if origins and not {(topic.cluster_id, topic.partitions), ("", topic.partitions)}.intersection(origins):
            words = " or ".join(f"the cluster {cluster} with {count} partitions" for cluster, count in sorted(origins))
            raise HaltError(
                f"the live generation was made from {words}, and this log is of {topic.cluster_id} with "
                f"{topic.partitions}: name the log that it was made from, or give the other one a database of its own"
            )

    async def ends(self) -> OffsetVector:
        """The offset after the last record of each partition; raises HaltError unless all begin at zero."""
        async with open_scan(self._access, self.topic.name) as scan:
            bounds = await scan.bounds(self.topic.partitions)
        if cut := [partition for partition, (start, _) in bounds.items() if start > 0]:
            raise HaltError(
                f"the log of partitions {cut} begins above offset 0: records were deleted, and a replay would not have "
                "them. Restore the log, or replay an export of it: timeline replay --from EXPORT"
            )
        return tuple(bounds[partition][1] for partition in range(self.topic.partitions))

    async def vector_of(self, asked: Mapping[str, Any] | None, ends: OffsetVector) -> OffsetVector | None:
        """The vector at which a replay is to end, by its `until`; None for now. Raises HaltError beyond the ends."""
        if asked is None:
            return None
        until = Until.read(asked)
        if until.recorded_at is not None:
            async with open_scan(self._access, self.topic.name) as scan:
                return await scan.vector_at(until.recorded_at, self.topic.partitions)
        vector = until.next_offsets or ()
        if len(vector) != len(ends) or any(mine > end for mine, end in zip(vector, ends, strict=True)):
            raise HaltError(f"until.next_offsets is {list(vector)}, and the log ends at {list(ends)}")
        return vector


async def trusted_log(settings: Settings) -> ReplayedLog:
    """The log, if it can be trusted. Raises HaltError if not, UnavailableError when Kafka is away."""
    try:
        return ReplayedLog(settings, await check_topic(settings.kafka, settings.topic))
    except TopicUnavailableError as error:
        raise UnavailableError(str(error)) from error
    except TopicUnfitError as error:
        raise HaltError(str(error)) from error
