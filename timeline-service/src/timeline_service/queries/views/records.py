"""Records of the log as they are read: what became of them, and those that are parked."""

from base64 import b64encode
from typing import Annotated, NotRequired, TypedDict

import orjson

from event_schemas.positions import format_position
from event_schemas.records import format_time
from timeline_service.adapters.postgres.rows import ParkedRow, RecordRow
from timeline_service.queries.views.fields import (
    Base64,
    Batch,
    Cursor,
    Headers,
    Number,
    ParkedReason,
    Position,
    Problem,
    Schema,
    Time,
    Uuid,
)


class RecordView(TypedDict):
    """What became of a record."""

    position: Position
    outcome: Annotated[str, Schema(enum=["applied", "duplicate", "rejected", "parked"])]
    event_id: Uuid | None
    recorded_at: Time
    revision: NotRequired[
        Annotated[Number, Schema(description="What an applied record made; of a stale one, what was current.")]
    ]
    duplicate_of: NotRequired[Annotated[Position, Schema(description="The record that said the same first.")]]
    problem: NotRequired[Problem]
    detail: NotRequired[str]
    batch: NotRequired[Batch]


class ParkedView(TypedDict):
    """A parked record: why, by which code, whether it is asked for again, and its bytes."""

    position: Position
    event_id: Uuid | None
    reason: ParkedReason
    detail: str | None
    recorded_at: Time
    code_version: str
    redriving: bool
    key: Base64 | None
    value: Base64 | None
    headers: Headers


class ParkedPageView(TypedDict):
    """A page of parked records."""

    items: list[ParkedView]
    next: Cursor | None


class RedriveView(TypedDict):
    """A wish that a record be judged again."""

    position: Position


def record_view(position: str, row: RecordRow) -> RecordView:
    """What became of the record at a position."""
    view: RecordView = {
        "position": position,
        "outcome": row.outcome,
        "event_id": str(row.event_id) if row.event_id is not None else None,
        "recorded_at": format_time(row.recorded_at),
    }
    if row.revision is not None:
        view["revision"] = row.revision
    if row.first_position is not None:
        view["duplicate_of"] = row.first_position
    if row.problem is not None:
        view["problem"] = row.problem
    if row.detail is not None:
        view["detail"] = row.detail
    if row.batch is not None:
        view["batch"] = row.batch
    return view


def parked_view(row: ParkedRow) -> ParkedView:
    """A parked record, with its bytes in base64."""
    key, value = (b64encode(part).decode() if part is not None else None for part in (row.key, row.value))
    return {
        "position": format_position(row.partition, row.offset),
        "event_id": str(row.event_id) if row.event_id is not None else None,
        "reason": row.problem,
        "detail": row.detail,
        "recorded_at": format_time(row.recorded_at),
        "code_version": row.code_version,
        "redriving": row.redriving,
        "key": key,
        "value": value,
        "headers": orjson.loads(row.headers or b"[]"),
    }
