"""Load: the log folded into empty tables, partition by partition, and none that is loaded already again."""

from collections.abc import Mapping

from timeline_service.domain.vectors import OffsetVector
from timeline_service.replay.attempt import Attempt
from timeline_service.replay.loading.partition_load import partition_loads
from timeline_service.replay.loading.workers import Workers
from timeline_service.replay.log import ReplayedLog


async def load(
    attempt: Attempt, workers: Workers, log: ReplayedLog, schema: str, ends: OffsetVector, loaded: Mapping[int, int]
) -> None:
    """Load partitions up to their ends into a schema. Those in `loaded` are there, with so many records."""
    attempt.recorder.begin(loaded, {partition: loaded.get(partition, end) for partition, end in enumerate(ends)})
    loads = partition_loads(attempt.settings, schema, log.topic.cluster_id, ends)
    await workers.load([each for each in loads if each.partition not in loaded], attempt.recorder.tell)
