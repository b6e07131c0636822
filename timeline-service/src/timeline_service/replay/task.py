"""A replay that is under way: what it was asked, what it works with, and the log that it reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from service_edge.topic_check import Topic, TopicUnavailableError, TopicUnfitError, check_topic
from timeline_service.adapters.kafka.scan import open_scan
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.replays import PostgresReplays
from timeline_service.domain.replays import Until
from timeline_service.domain.vectors import Vector
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.replay.loading.partition_fold import loads
from timeline_service.replay.loading.worker import Job
from timeline_service.replay.loading.workers import Workers
from timeline_service.replay.recorder import Recorder
from timeline_service.replay.scratch import scratch_of
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool


@dataclass(slots=True)
class Task:
    """One replay. `scratch` is the name of a schema that it may fill, and leaves empty."""

    settings: Settings
    pool: "Pool"
    replays: PostgresReplays
    generations: PostgresGenerations
    recorder: Recorder
    row: Mapping[str, Any]

    @property
    def id(self) -> UUID:
        """The replay's id."""
        replay_id: UUID = self.row["id"]
        return replay_id

    @property
    def scratch(self) -> str:
        """Its own schema, by its id."""
        return scratch_of(self.id)

    @property
    def url(self) -> str:
        """The database."""
        return self.settings.database_url.get_secret_value()

    async def finish(self, result: Mapping[str, Any]) -> None:
        """Write down what was found, and that it is over. Once it is, this does nothing."""
        seconds = round((datetime.now(UTC) - self.row["started_at"]).total_seconds(), 1)
        await self.replays.finish(self.id, "succeeded", result={**result, "seconds": seconds})

    async def topic(self) -> Topic:
        """The log, if it can be trusted. Raises HaltError if not, UnavailableError when Kafka is away."""
        try:
            return await check_topic(self.settings.kafka_bootstrap_servers, self.settings.topic)
        except TopicUnavailableError as error:
            raise UnavailableError(str(error)) from error
        except TopicUnfitError as error:
            raise HaltError(str(error)) from error

    async def require_same_log(self, topic: Topic) -> None:
        """Raises HaltError if the live generation was made from another log: this one must not take its place."""
        origins = await self.generations.origins()
        if origins and not origins & {(topic.cluster_id, topic.partitions), ("", topic.partitions)}:
            words = " or ".join(f"the cluster {cluster} with {count} partitions" for cluster, count in sorted(origins))
            raise HaltError(
                f"the live generation was made from {words}, and this log is of {topic.cluster_id} with "
                f"{topic.partitions}: name the log that it was made from, or give the other one a database of its own"
            )

    async def ends(self, topic: Topic) -> Vector:
        """The offset after the last record of each partition; raises HaltError unless all begin at zero."""
        async with open_scan(self.settings.kafka_bootstrap_servers, topic.name) as scan:
            bounds = await scan.bounds(topic.partitions)
        if cut := [partition for partition, (start, _) in bounds.items() if start > 0]:
            raise HaltError(
                f"the log of partitions {cut} begins above offset 0: records were deleted, and a replay would not have "
                "them. Restore the log, or replay an export of it: timeline replay --from EXPORT"
            )
        return tuple(bounds[partition][1] for partition in range(topic.partitions))

    async def until(self, topic: Topic, ends: Vector) -> Vector | None:
        """The vector at which the replay is to end; None for now. Raises HaltError if the log is not so long."""
        if (asked := self.row["until"]) is None:
            return None
        until = Until.read(asked)
        if until.recorded_at is not None:
            async with open_scan(self.settings.kafka_bootstrap_servers, topic.name) as scan:
                return await scan.vector_at(until.recorded_at, topic.partitions)
        vector = until.next_offsets or ()
        if len(vector) != len(ends) or any(mine > end for mine, end in zip(vector, ends, strict=True)):
            raise HaltError(f"until.next_offsets is {list(vector)}, and the log ends at {list(ends)}")
        return vector

    async def load(
        self, workers: Workers, schema: str, topic: Topic, ends: Vector, done: Mapping[int, int] | None = None
    ) -> None:
        """Load partitions up to `ends` into the tables of a schema; of those in `done` it has so many records."""
        done = done or {}
        self.recorder.begin(done, {p: done.get(p, end) for p, end in enumerate(ends)})
        jobs = [
            Job(load) for load in loads(self.settings, schema, topic.cluster_id, ends) if load.partition not in done
        ]
        await workers.load(jobs, self.recorder.tell)
