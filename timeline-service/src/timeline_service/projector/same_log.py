"""Whether the log is still the one that was projected: an offset alone does not notice one cut and refilled."""

from collections.abc import Collection, Mapping

from service_edge.topic_check import KafkaTopic
from timeline_service.adapters.postgres.projection import Checkpoint
from timeline_service.domain.record_digests import digest
from timeline_service.errors import HaltError
from timeline_service.judge.decoding import RawRecord


def require_trustworthy_log(
    topic: KafkaTopic, checkpoints: Collection[Checkpoint], bounds: Mapping[int, tuple[int, int]]
) -> None:
    """Raises HaltError unless the log is whole, and checkpoints of a projection fit it.

    `bounds`: the first offset of each of the topic's partitions, and the one after its last.
    """
    for checkpoint in checkpoints:
        _require_same_topic(checkpoint, topic)
    for partition, (log_start, _) in sorted(bounds.items()):
        _require_beginning(topic, partition, log_start)
    for checkpoint in checkpoints:
        _require_reach(topic, checkpoint, bounds[checkpoint.partition][1])


def require_same_log(checkpoint: Checkpoint, topic: KafkaTopic, log_start: int, log_end: int) -> None:
    """Raises HaltError unless a checkpoint fits the cluster, the topic and the bounds of its partition."""
    require_trustworthy_log(topic, [checkpoint], {checkpoint.partition: (log_start, log_end)})


def require_same_record(proof: Checkpoint, record: RawRecord | None) -> None:
    """Raises HaltError unless a record is the one that was projected last."""
    found = (record.offset, record.timestamp, digest(record)) if record is not None else None
    if found != (proof.last_offset, proof.last_timestamp, proof.last_sha256):
        raise HaltError(
            f"partition {proof.partition} reads differently at offset {proof.last_offset}, where the projection "
            "stands: the log was cut and refilled, or another cluster answers. Restore the log that was projected"
        )


def _require_same_topic(checkpoint: Checkpoint, topic: KafkaTopic) -> None:
    if checkpoint.cluster_id not in {"", topic.cluster_id}:  # what was made from an archive names none
        raise HaltError(
            f"the projection was made from the Kafka cluster {checkpoint.cluster_id}, this one is {topic.cluster_id}: "
            "name the cluster that it was made from, or give the other one a database of its own"
        )
    if checkpoint.partition_count != topic.partitions:
        raise HaltError(
            f"the topic has {topic.partitions} partitions, the projection knows {checkpoint.partition_count}: "
            "the number may never change, because keys would move. Restore the log that was projected"
        )


def _require_beginning(topic: KafkaTopic, partition: int, log_start: int) -> None:
    if log_start > 0:
        raise HaltError(
            f"partition {partition} of {topic.name} begins at offset {log_start}: records before it were deleted. "
            "Restore the log"
        )


def _require_reach(topic: KafkaTopic, checkpoint: Checkpoint, log_end: int) -> None:
    if checkpoint.next_offset > log_end:
        raise HaltError(
            f"partition {checkpoint.partition} of {topic.name} ends at offset {log_end}, but the projection has read "
            f"up to {checkpoint.next_offset}: the log was cut or made anew. Restore the log that was projected"
        )
