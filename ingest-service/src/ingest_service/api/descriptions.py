"""What OpenAPI says of the bodies, which are read by hand: their schemas, examples and refusals."""

from typing import Any, Final

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
_EVENT_SCHEMA: Final = Event.model_json_schema(ref_template="#/$defs/{model}")
_PROBLEMS: Final = {
    400: "The body or a parameter cannot be read",
    413: "Too many bytes",
    415: "Another media type is taken here",
    422: "Understood and refused",
    503: "The log is out of reach, or did not acknowledge in time",
}


def _responses() -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"type": "object"}}}
    return {str(status): {"description": words, "content": content} for status, words in _PROBLEMS.items()}


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}, "responses": _responses()}


POST_EVENTS: Final = _body(
    {
        "application/json": {
            "schema": {"anyOf": [_EVENT_SCHEMA, {"type": "array", "maxItems": 1000, "items": {"type": "object"}}]},
            "examples": {"one": {"value": _EVENT}, "many": {"value": [_EVENT]}},
        },
        "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"title": …}\n{"title": …}\n'},
        "application/cloudevents+json": {"schema": {"type": "object"}, "example": _CLOUD_EVENT},
        "application/cloudevents-batch+json": {"schema": {"type": "array"}, "example": [_CLOUD_EVENT]},
    }
)
POST_CORRECTION: Final = _body(
    {
        "application/json": {
            "schema": Correction.model_json_schema(ref_template="#/$defs/{model}"),
            "example": {"reason": "the ban was announced a day earlier", "event": _EVENT, "expected_revision": 1},
        }
    }
)
POST_RETRACTION: Final = _body(
    {
        "application/json": {
            "schema": Retraction.model_json_schema(ref_template="#/$defs/{model}"),
            "example": {"reason": "the source withdrew its report", "expected_revision": 1},
        }
    }
)
