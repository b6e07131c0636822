"""An event, a revision and a record as they are read."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from event_schemas.countries import pairs_of
from event_schemas.dates import parse_when
from event_schemas.positions import format_position
from event_schemas.records import format_time
from timeline_service.adapters.postgres.rows import HistoryRow, ParkedRow, RecordRow
from timeline_service.domain.changes import changes_between
from timeline_service.domain.country_names import ENGLISH_NAMES
from timeline_service.domain.revisions import Revision

#: What a reader finds where an event says nothing.
_ABSENT: Final[Mapping[str, Any]] = {
    "title": None,
    "when": None,
    "countries": (),
    "type": None,
    "initiators": (),
    "summary": None,
    "valence": None,
    "domain": None,
    "stage": None,
    "actors": (),
    "sources": (),
    "tags": (),
    "codes": {},
    "goldstein": None,
    "attributes": {},
}


def event_view(row: Revision) -> dict[str, Any]:
    """An event as the contract shapes it, from its revision's row. `accepted_at` there is of the first revision."""
    event: dict[str, Any] = orjson.loads(row.content)
    when = parse_when(event["when"])
    return {
        "id": str(row.event_id),
        **_ABSENT,
        **event,
        "earliest": when.earliest.isoformat() if when.earliest else None,
        "latest": when.latest.isoformat() if when.latest else None,
        "precision": when.precision,
        "approximate": when.approximate,
        "uncertain": when.uncertain,
        "pairs": pairs_of(event["countries"], event.get("initiators", ())),
        "revision": row.revision,
        "status": "retracted" if row.action == "retracted" else "current",
        "accepted_at": format_time(row.first_accepted_at),
        "recorded_at": format_time(row.first_recorded_at),
        "revised_at": format_time(row.recorded_at),
        "position": format_position(row.partition, row.from_offset),
    }


def revision_views(
    rows: Sequence[HistoryRow], before: dict[str, Any] | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """A part of an event's history, each revision with what it changed, and how it stood after it.

    `before` is how it stood after the part before, None at its beginning.
    """
    views: list[dict[str, Any]] = []
    for row in rows:
        stands = {"status": "retracted" if row.action == "retracted" else "current", **orjson.loads(row.content)}
        view = {
            "revision": row.revision,
            "action": row.action,
            "recorded_at": format_time(row.recorded_at),
            "principal": row.principal,
            "reason": row.reason,
            "position": format_position(row.partition, row.from_offset),
            "event": event_view(Revision.of(row)),
            "changes": changes_between(before, stands) if before is not None else [],
        }
        if row.duplicate_of is not None:
            view["duplicate_of"] = str(row.duplicate_of)
        views.append(view)
        before = stands
    return views, before


def parked_view(row: ParkedRow) -> dict[str, Any]:
    """A parked record: why, by which code, whether it is asked for again, and its bytes in base64."""
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


def pair_view(pair: str, names: Mapping[str, str] = ENGLISH_NAMES) -> dict[str, Any]:
    """A pair with the names of its countries."""
    return {"pair": pair, "countries": [country_view(code, names) for code in pair.split("-")]}


def country_view(code: str, names: Mapping[str, str] = ENGLISH_NAMES) -> dict[str, str]:
    """A country's code and name."""
    return {"code": code, "name": names[code]}


def record_view(position: str, row: RecordRow) -> dict[str, Any]:
    """What became of a record."""
    view: dict[str, Any] = {
        "position": position,
        "outcome": row.outcome,
        "event_id": str(row.event_id) if row.event_id is not None else None,
        "recorded_at": format_time(row.recorded_at),
    }
    said = {
        "revision": row.revision, "duplicate_of": row.first_position, "problem": row.problem, "detail": row.detail,
    }  # fmt: skip
    return view | {name: value for name, value in said.items() if value is not None}
