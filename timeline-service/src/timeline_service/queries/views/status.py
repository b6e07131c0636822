"""The state of the service as it is read."""

from typing import Annotated, TypedDict

from timeline_service.queries.views.fields import Count, Number, Schema, Seconds, Time, Uuid


class StateView(TypedDict):
    """Whether the process is alive, or ready."""

    status: str


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


class StatusView(ProjectionView):
    """The same, with the last verification, and who carries replays out."""

    last_verification: LastVerificationView | None
    replayers: list[Annotated[str, Schema(description="host/pid of a process that carries replays out.")]]
