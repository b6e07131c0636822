"""What OpenAPI says of each request: bodies, answers, and the problems that it can meet."""

import json
from typing import Any, Final

from ingest_service.api.examples import (
    ALL_RECORDED,
    ANSWERED_CHANGES,
    ANSWERED_LINES,
    CHANGE,
    CHANGES,
    CHECKED,
    CLOUD_EVENT,
    CORRECTION,
    EVENT,
    LAST_LINE,
    LINES,
    MANY,
    NORMALISED,
    RECORDED,
    RETRACTION,
    SOME_REFUSED,
    TYPES,
)
from ingest_service.api.problems import (
    INVALID_EVENT,
    LOG_UNAVAILABLE,
    OVERLOADED,
    REFUSED_REQUEST,
    TOO_LARGE,
    UNKNOWN_OUTCOME,
    UNREADABLE,
)
from service_edge.openapi import body, headers, lines, list_of, problems, ref, success

_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Bare or quoted, 1 to 255 printable ASCII characters, for a single event only: the same key again "
    "means the same event.",
    "schema": {"type": "string", "pattern": r'^(?!""$)([!-~]([ -~]{0,253}[!-~])?|"[ -~]{1,255}")$'},
    "examples": {"bare": {"value": "feed-2020-06-29-7"}},
}
_WRITTEN: Final = (UNREADABLE, TOO_LARGE, INVALID_EVENT, REFUSED_REQUEST, OVERLOADED, LOG_UNAVAILABLE, UNKNOWN_OUTCOME)


def _post(
    content: dict[str, Any], answers: dict[int | str, dict[str, Any]], *parameters: dict[str, Any]
) -> dict[str, Any]:
    """What a route's decorator is told."""
    return {
        "openapi_extra": {"parameters": list(parameters), "requestBody": {"required": True, "content": content}},
        "responses": {**answers, **problems(*_WRITTEN)},
    }


POST_EVENTS: Final = _post(
    {
        "application/json": body(
            {"anyOf": [ref("Event"), {**list_of(ref("Event")), "maxItems": 1000}]}, one=EVENT, many=MANY
        ),
        "application/x-ndjson": body(
            {"type": "string", "description": "An event on each line, any number of them."}, lines=LINES
        ),
        "application/cloudevents+json": body(ref("CloudEvent"), one=CLOUD_EVENT),
        "application/cloudevents-batch+json": body(
            {**list_of(ref("CloudEvent")), "maxItems": 1000}, many=[CLOUD_EVENT]
        ),
    },
    {
        200: {
            "description": "With `validate=only`: what would be recorded. NDJSON: a `Line` for each refused input, or "
            "with `results=all` for every line, and a `LastLine`",
            "headers": headers(optional=["Timeline-Position"]),
            "content": {
                "application/json": body(
                    {"anyOf": [ref("Checked"), ref("CheckedEach")]}, one_checked=NORMALISED, many_checked=CHECKED
                ),
                "application/x-ndjson": lines(
                    {"anyOf": [ref("LastLine"), ref("Line")]},
                    lines=ANSWERED_LINES,
                    nothing_refused=json.dumps(LAST_LINE) + "\n",
                ),
            },
        },
        201: {
            **success(
                "Everything was recorded",
                {"anyOf": [ref("Recorded"), ref("RecordedEach")]},
                one_recorded=RECORDED,
                many_recorded=ALL_RECORDED,
            ),
            "headers": headers(optional=["Location", "Timeline-Position"]),
        },
        207: {
            **success(
                "Of an array something was refused, or may have been recorded: see each result",
                ref("RecordedEach"),
                some_refused=SOME_REFUSED,
            ),
            "headers": headers(optional=["Timeline-Position"]),
        },
    },
    _KEY,
)
_CHANGED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        **success("It is in the log; `Location` tells the verdict", ref("Change"), appended=CHANGE),
        "headers": headers("Location", "Timeline-Position"),
    }
}
POST_CORRECTION: Final = _post({"application/json": body(ref("Correction"), another_date=CORRECTION)}, _CHANGED, _KEY)
POST_RETRACTION: Final = _post({"application/json": body(ref("Retraction"), withdrawn=RETRACTION)}, _CHANGED, _KEY)
POST_CHANGES: Final = _post(
    {
        "application/x-ndjson": body(
            {
                "type": "string",
                "description": "A `NamedCorrection` or `NamedRetraction` on each line, any number of them.",
            },
            lines=CHANGES,
        )
    },
    {
        200: {
            "description": "A `Line` for each refused input, or with `results=all` for every line, and a `LastLine`",
            "headers": headers(optional=["Timeline-Position"]),
            "content": {
                "application/x-ndjson": lines(
                    {"anyOf": [ref("LastLine"), ref("Line")]},
                    lines=ANSWERED_CHANGES,
                    nothing_refused=json.dumps(LAST_LINE) + "\n",
                )
            },
        }
    },
)
COUNTRIES: Final[dict[int | str, Any]] = {
    200: success("The countries", ref("Countries"), one_of_them={"items": [{"code": "IND", "name": "India"}]})
}
TAXONOMY: Final[dict[int | str, Any]] = {200: success("The types", ref("Types"), all_of_them=TYPES)}
HEALTHZ: Final[dict[int | str, Any]] = {
    200: success("It is alive", ref("State"), alive={"status": "ok"}),
}
READYZ: Final[dict[int | str, Any]] = {
    200: success("It is ready", ref("State"), ready={"status": "ready"}),
    **problems(LOG_UNAVAILABLE),
}
METRICS: Final[dict[int | str, Any]] = {
    200: success(
        "The metrics",
        {"type": "string"},
        media_type="text/plain",
        one_of_them='# TYPE ingest_events_total counter\ningest_events_total{outcome="recorded"} 17.0\n',
    )
}
