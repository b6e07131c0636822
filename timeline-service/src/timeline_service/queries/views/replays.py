"""Replays and generations as they are asked for and read."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast

from event_schemas.records import format_time
from timeline_service.domain.replays import Kind, Progress, State, offsets_view
from timeline_service.queries.views.fields import Count, Cursor, Number, Offsets, Position, Schema, Time, Uuid

_ALONE = Schema(additionalProperties=False)


class AskedOffsets(TypedDict):
    """The offsets before which a replay is to end."""

    next_offsets: Annotated[
        Offsets | list[Count], Schema(description="An offset for each partition, by its number or in their order.")
    ]


class AskedInstant(TypedDict):
    """The instant up to which records are to be replayed."""

    recorded_at: Annotated[Time, Schema(description="RFC 3339; not in the future.")]


class AskedReplay(TypedDict):
    """A replay that is asked for."""

    kind: Literal["verify", "rebuild"]
    until: NotRequired[
        Annotated[
            Annotated[AskedOffsets, _ALONE] | Annotated[AskedInstant, _ALONE],
            Schema(description="Where it ends: before these offsets, or with what was recorded by an instant."),
        ]
    ]


ReplayRequest = Annotated[AskedReplay, _ALONE]


class PartitionProgressView(TypedDict):
    """How much of a partition was replayed."""

    partition: Count
    records: Count
    total: Count
    bytes: Count


class ProgressView(TypedDict):
    """How far a replay is."""

    phase: Annotated[str, Schema(description="What it does now.")]
    records: Count
    total: Count
    rate: Annotated[float, Schema(description="Records a second, of late.")] | None
    seconds_left: float | None
    bytes: Count
    bytes_total: Annotated[Count, Schema(description="Estimated from those done.")] | None
    partitions: list[PartitionProgressView]


class TableView(TypedDict):
    """A table that was compared."""

    table: str
    rows: Count | None
    digest: str | None
    log_digest: NotRequired[str | None]
    differences: Count


class DifferenceView(TypedDict):
    """A field, or a whole row, that is not as the log says."""

    table: str
    key: Annotated[Any, Schema(description="Which row.")]
    field: Annotated[str, Schema(description="Null where a whole row is missing or too much.")] | None
    live: Annotated[Any, Schema(description="What is shown.")]
    log: Annotated[Any, Schema(description="What the log says.")]
    position: Annotated[Position | None, Schema(description="The record to look at.")]


class ExplainedRecordView(TypedDict):
    """A record that is not shown, and why."""

    position: Position
    outcome: str
    problem: str | None


class ExplainedView(TypedDict):
    """The records that are not shown."""

    parked: Count
    rejected: Count
    duplicate: Count
    records: NotRequired[list[ExplainedRecordView]]


class ReplayResultView(TypedDict):
    """What came of a replay."""

    equal: Annotated[
        bool | None,
        Schema(description="Whether what is shown is what the log says; null where this code could not compare."),
    ]
    digest: Annotated[str | None, Schema(description="Of all that is shown.")]
    log_digest: NotRequired[Annotated[str | None, Schema(description="Of all that the log says.")]]
    rows: Count | None
    tables: list[TableView]
    differences: NotRequired[
        Annotated[
            list[DifferenceView],
            Schema(description="At most 1,000, and not in a list of replays; `tables` counts them all."),
        ]
    ]
    explained: NotRequired[ExplainedView]
    next_offsets: Offsets | None
    seconds: NotRequired[float]
    code_version: str
    generation: NotRequired[Number]


class UntilOffsetsView(TypedDict):
    """The offsets before which something ends."""

    next_offsets: Offsets


class UntilInstantView(TypedDict):
    """The instant with whose records something ends."""

    recorded_at: Time


class ReplayView(TypedDict):
    """A replay: what is asked for, how far it is, and at last what came of it."""

    id: Uuid
    kind: Kind
    state: State
    requested_at: Time
    started_at: Time | None
    finished_at: Time | None
    progress: ProgressView
    until: NotRequired[UntilOffsetsView | UntilInstantView]
    generation: NotRequired[Annotated[Number, Schema(description="Which it makes, or makes live.")]]
    result: NotRequired[ReplayResultView]
    reason: NotRequired[Annotated[str, Schema(description="Why it failed.")]]


class ReplaysView(TypedDict):
    """A page of replays."""

    items: list[ReplayView]
    next: Cursor | None


class GenerationView(TypedDict):
    """A generation of the projection."""

    n: Number
    live: bool
    until: NotRequired[Annotated[UntilOffsetsView, Schema(description="Of a read-only one.")]]
    created_at: Time
    code_version: Annotated[str | None, Schema(description="The code that made it.")]


class GenerationsView(TypedDict):
    """The generations that there are."""

    items: list[GenerationView]


def replay_view(row: Mapping[str, Any]) -> ReplayView:
    """A replay by its row, whose JSON columns are read already."""
    started, finished = row["started_at"], row["finished_at"]
    progress: Any = row["progress"] or Progress("waiting for a replayer" if row["state"] == "queued" else "").view()
    view: ReplayView = {
        "id": str(row["id"]),
        "kind": row["kind"],
        "state": row["state"],
        "requested_at": format_time(row["requested_at"]),
        "started_at": format_time(started) if started is not None else None,
        "finished_at": format_time(finished) if finished is not None else None,
        "progress": progress,
    }
    if row["until"] is not None:
        view["until"] = row["until"]
    if row["generation"] is not None:
        view["generation"] = row["generation"]
    if row["result"] is not None:
        view["result"] = row["result"]
    if row["reason"] is not None:
        view["reason"] = row["reason"]
    return view


def generation_view(row: Mapping[str, Any]) -> GenerationView:
    """A generation by its row."""
    until = {"until": {"next_offsets": offsets_view(row["until"])}} if row["until"] is not None else {}
    made = {"created_at": format_time(row["created_at"]), "code_version": row["code_version"]}
    return cast(GenerationView, {"n": row["n"], "live": row["live"], **until, **made})
