"""What OpenAPI says of the bodies, which are read by hand: their schemas, examples and refusals."""

import json
from typing import Any, Final

from fastapi import FastAPI
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from event_schemas.events import Event
from event_schemas.requests import Correction, Retraction

_EVENT: Final = {
    "title": "India bans TikTok and dozens of other Chinese apps",
    "when": "2020-06-29",
    "countries": ["IN", "CN"],
    "initiators": ["IN"],
    "type": "ban",
    "sources": [{"url": "https://techcrunch.com/2020/06/29/india-bans-tiktok-dozens-of-other-chinese-apps/"}],
}
_CLOUD_EVENT: Final = {
    "specversion": "1.0",
    "id": "7",
    "source": "https://example.org/feed",
    "type": "org.example.event",
    "data": _EVENT,
}
_LINES: Final = (json.dumps(_EVENT) + "\n") * 2
_PROBLEMS: Final = {
    400: "The body or a parameter cannot be read",
    413: "Too many bytes",
    415: "Another media type is taken here",
    422: "Understood and refused",
    503: "The log is out of reach, or did not acknowledge in time",
}
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Bare or quoted, for a single event only: the same key again means the same event.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_POSITION: Final = {"type": "string", "pattern": "^[0-9]+:[0-9]+$", "examples": ["3:17"]}
_UUID: Final = {"type": "string", "format": "uuid"}
_TIME: Final = {"type": "string", "format": "date-time"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_SHAPES: Final = {
    "Problem": _object(
        type={"type": "string"},
        title={"type": "string"},
        status={"type": "integer"},
        detail={"type": "string"},
        instance={"type": "string"},
        errors=_list(_object(pointer={"type": "string"}, detail={"type": "string"})),
        candidates=_list({"type": "string"}),
    ),
    "Recorded": _object(id=_UUID, position=_POSITION, accepted_at=_TIME, recorded_at=_TIME, pairs=_list({})),
    "Results": _object(
        results=_list(
            _object(
                index={"type": "integer"},
                status={"type": "integer"},
                id=_UUID,
                position=_POSITION,
                problem=_ref("Problem"),
            )
        ),
        timeline_position={"type": "string", "examples": ["0:4,3:17"]},
    ),
    "Change": _object(id=_UUID, position=_POSITION, recorded_at=_TIME),
}


class DescribedAPI(FastAPI):
    """An app whose description also holds the schemas of what is read and answered by hand."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            mode: JsonSchemaMode = "validation"
            models = [(model, mode) for model in (Event, Correction, Retraction)]
            _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")
            document = super().openapi()
            document.setdefault("components", {}).setdefault("schemas", {}).update({**schemas["$defs"], **_SHAPES})
        return super().openapi()


def _answers(answers: dict[str, tuple[str, str, str]]) -> dict[str, Any]:
    """Statuses with their words, media type and shape; the problems are the same everywhere."""
    problems = {str(status): (words, "application/problem+json", "Problem") for status, words in _PROBLEMS.items()}
    return {
        status: {"description": words, "content": {media_type: {"schema": _ref(shape) if shape else {}}}}
        for status, (words, media_type, shape) in {**answers, **problems}.items()
    }


def _body(content: dict[str, Any], answers: dict[str, tuple[str, str, str]]) -> dict[str, Any]:
    return {
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": content},
        "responses": _answers(answers),
    }


POST_EVENTS: Final = _body(
    {
        "application/json": {
            "schema": {"anyOf": [_ref("Event"), {**_list(_ref("Event")), "maxItems": 1000}]},
            "examples": {"one": {"value": _EVENT}, "many": {"value": [_EVENT]}},
        },
        "application/x-ndjson": {"schema": {"type": "string"}, "example": _LINES},
        "application/cloudevents+json": {"schema": {"type": "object"}, "example": _CLOUD_EVENT},
        "application/cloudevents-batch+json": {"schema": {"type": "array"}, "example": [_CLOUD_EVENT]},
    },
    {
        "200": ("NDJSON: what was refused, then a last line with the counts", "application/x-ndjson", ""),
        "201": ("Everything was recorded", "application/json", "Recorded"),
        "207": ("Something was refused: see each result", "application/json", "Results"),
    },
)
_CHANGED: Final = {"202": ("It is in the log; Location tells the verdict", "application/json", "Change")}
POST_CORRECTION: Final = _body(
    {
        "application/json": {
            "schema": _ref("Correction"),
            "example": {"reason": "the ban was announced a day earlier", "event": _EVENT, "expected_revision": 1},
        }
    },
    _CHANGED,
)
POST_RETRACTION: Final = _body(
    {
        "application/json": {
            "schema": _ref("Retraction"),
            "example": {"reason": "the source withdrew its report", "expected_revision": 1},
        }
    },
    _CHANGED,
)
