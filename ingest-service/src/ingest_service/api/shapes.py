"""The schemas of what is posted and answered, by their names in the OpenAPI document."""

from typing import Any, Final

from event_schemas.published import posted_change, posted_event
from event_schemas.requests import Correction, Retraction
from event_schemas.taxonomy import VALENCES
from ingest_service.domain.changes import NamedCorrection, NamedRetraction
from service_edge.openapi import PAIR, POSITION, POSITIONS, TIME, UUID, list_of, record, ref

_INDEX: Final = {"type": "integer", "minimum": 0}
_STATUS: Final = {"type": "integer", "description": "As one post of it would have been answered."}
_COUNT: Final = {"type": "integer", "minimum": 0}
_TEXT: Final = {"type": "string"}
_ATTRIBUTE: Final = {"type": "string", "minLength": 1, "maxLength": 1024}


def schemas() -> dict[str, Any]:
    """All of them."""
    models = (Correction, Retraction, NamedCorrection, NamedRetraction)
    changes = {model.__name__: posted_change(model) for model in models}
    found: dict[str, Any] = {}
    for name, posted in {"Event": posted_event(), **changes}.items():
        schema = _pointing_here(posted)
        found |= schema.pop("$defs")
        found[name] = schema
    return {**found, **_SHAPES}


def _pointing_here(schema: Any) -> Any:
    """The schema with its references into the document."""
    if isinstance(schema, list):
        return [_pointing_here(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.replace("#/$defs/", "#/components/schemas/") if name == "$ref" else _pointing_here(value)
        for name, value in schema.items()
    }


_SHAPES: Final = {
    "CloudEvent": {
        "type": "object",
        "description": "A CloudEvent 1.0 in JSON, whose data is an event. Other attributes are left aside.",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**_ATTRIBUTE, "description": "With `source` it makes the event's id, unless `data` has one."},
            "source": _ATTRIBUTE,
            "type": _ATTRIBUTE,
            "datacontenttype": {"type": ["string", "null"], "description": "application/json, where it is said."},
            "data": ref("Event"),
            "data_base64": {"not": {}},
        },
    },
    "Checked": {
        "description": "An event as it would be recorded, with its id.",
        "allOf": [ref("Event"), {"type": "object", "required": ["id"]}],
    },
    "CheckedEach": record(
        results=list_of(
            record(["event", "problem"], index=_INDEX, status=_STATUS, event=ref("Checked"), problem=ref("Problem"))
        )
    ),
    "Recorded": record(id=UUID, position=POSITION, accepted_at=TIME, recorded_at=TIME, pairs=list_of(PAIR)),
    "RecordedEach": record(
        results=list_of(
            record(
                ["id", "position", "problem"],
                index=_INDEX,
                status=_STATUS,
                id=UUID,
                position=POSITION,
                problem=ref("Problem"),
            )
        ),
        timeline_position=POSITIONS,
    ),
    "Line": {
        "description": "What became of a line of NDJSON.",
        **record(
            ["id", "position", "event", "problem"],
            line={"type": "integer", "minimum": 1},
            status=_STATUS,
            id=UUID,
            position=POSITION,
            event=ref("Checked"),
            problem=ref("Problem"),
        ),
    },
    "LastLine": {
        "description": "The last line of an answer in NDJSON. With a problem the answer is incomplete: post it again.",
        **record(
            ["problem"],
            recorded=_COUNT,
            refused=_COUNT,
            unknown=_COUNT,
            timeline_position=POSITIONS,
            problem=ref("Problem"),
        ),
    },
    "Change": record(id=UUID, position=POSITION, recorded_at=TIME),
    "Countries": record(items=list_of(record(code=_TEXT, name=_TEXT))),
    "Types": record(
        items=list_of(
            record(
                code=_TEXT,
                valence={"enum": [*VALENCES, None]},
                description=_TEXT,
                cameo=list_of(_TEXT),
                plover=list_of(_TEXT),
            )
        )
    ),
    "State": record(status=_TEXT),
}
