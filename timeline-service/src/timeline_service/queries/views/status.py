"""The state of the service as it is read."""

from typing import Annotated, NotRequired, TypedDict

from timeline_service.queries.views.fields import Count, Number, Schema, Seconds, Time, Uuid


class StateView(TypedDict):
    """Whether the process is alive, or ready; and of how many replicas it reads, where there are any."""

    status: str
    replicas: NotRequired[str]


class PartitionView(TypedDict):
    """How far a partition is projected, by whom, since when that is gone; why it is projected no further, if so."""

    partition: Count
    log_start: Count | None
    log_end: Count | None
    next_offset: Count
    lag: Count | None
    owner: str | None
    gone_since: Time | None
    stopped: str | None


class RecordsView(TypedDict):
    """What became of all records."""

    total: Count
    applied: Count
    duplicate: Count
    rejected: Count
    parked: Count


class ProjectionView(TypedDict):
    """How far the projection is behind the log, and what became of the records that it holds."""

    topic: str
    generation: Number
    lag: Count | None
    lag_seconds: Seconds | None
    partitions: list[PartitionView]
    records: RecordsView


class LastVerificationView(TypedDict):
    """What the last verification has found."""

    id: Uuid
    equal: bool
    digest: str
    finished_at: Time


class ReplicaView(TypedDict):
    """A replica of the database: why it is not read, if so, and how many records, and seconds, it is behind."""

    name: Annotated[str, Schema(description="host:port/database")]
    why_not: str | None
    lag: Count | None
    lag_seconds: Seconds | None


class StatusView(ProjectionView):
    """The same, with the last verification, who carries replays out, and from what else is read."""

    last_verification: LastVerificationView | None
    replayers: list[Annotated[str, Schema(description="host/pid of a process that carries replays out.")]]
    replicas: list[ReplicaView]
