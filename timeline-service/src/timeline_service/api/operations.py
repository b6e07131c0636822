"""What OpenAPI says of each request: answers, their headers, and the problems that it can meet."""

import json
from typing import Any, Final

from service_edge.openapi import JsonObject, body, events, headers, lines, problems, ref, success
from service_edge.problems import ProblemType
from timeline_service.api import examples
from timeline_service.api.problems import (
    GENERATION_FIXED,
    GENERATION_FOREIGN,
    GENERATION_LIVE,
    INVALID_REPLAY,
    NOT_ACCEPTABLE,
    NOT_PARKED,
    NOT_YET,
    REPLAY_OVER,
    REPLAY_RUNNING,
    TOO_LARGE,
    UNAVAILABLE,
    UNKNOWN_BATCH,
    UNKNOWN_COUNTRY,
    UNKNOWN_EVENT,
    UNKNOWN_GENERATION,
    UNKNOWN_PAIR,
    UNKNOWN_RECORD,
    UNKNOWN_REPLAY,
    UNREADABLE,
)
from timeline_service.formats import FORMATS

Responses = dict[int | str, JsonObject]
_ALWAYS: Final = ("ETag", "Cache-Control", "Vary")


def _read(answer: JsonObject, *kinds: ProblemType, more: tuple[str, ...] = ()) -> Responses:
    """The answers to a read: 200 as given, 304 to who has it already, and what can be wrong."""
    shared = headers(*_ALWAYS, optional=["Timeline-Position", *more])
    return {
        200: {**answer, "headers": shared},
        304: {"description": "The caller has it already: `If-None-Match` names its `ETag`", "headers": shared},
        **problems(*kinds, UNAVAILABLE),
    }


def _sent(content: JsonObject) -> JsonObject:
    """What a request says in JSON."""
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _read_in(answer: JsonObject, *kinds: ProblemType, more: tuple[str, ...] = ()) -> Responses:
    """The answers to a read of a generation that may be chosen."""
    return _read(answer, *kinds, UNKNOWN_GENERATION, more=more)


def listing(shape: str, form: str | None, *kinds: ProblemType, **pages: Any) -> Responses:
    """The answers to a listing in one format (`json` or one of FORMATS), or by None in the one that is accepted."""
    contents = {"application/json": body(ref(shape), **pages)} if form in {None, "json"} else {}
    for name, writer in FORMATS.items():
        if form == name or (form is None and writer.media_type != "application/json"):
            media_type = writer.media_type.partition(";")[0]
            schema = {"type": "object"} if media_type == "application/json" else {"type": "string"}
            text = examples.written(name)
            written = json.loads(text) if schema["type"] == "object" else text
            made = {name.replace(".", "_"): written}
            contents[media_type] = lines(ref("Event"), **made) if name == "ndjson" else body(schema, **made)
    answer = {"description": "The events", "content": contents}
    # Only a pair's JSON names countries in the reader's language.
    named = ("Content-Language",) if shape == "Timeline" and form in {None, "json"} else ()
    return _read_in(answer, *kinds, NOT_ACCEPTABLE, more=("Link", *named))


def timeline_responses(form: str | None) -> Responses:
    """The answers to a pair's timeline."""
    return listing("Timeline", form, UNKNOWN_PAIR, a_page=examples.PAGE, the_last_page=examples.LAST_PAGE)


def search_responses(form: str | None) -> Responses:
    """The answers to a search across pairs."""
    return listing("Found", form, found=examples.FOUND)


def changes_responses(form: str | None) -> Responses:
    """The answers to what has changed in a pair, in one format or in the one that is accepted."""
    forms = {
        "json": ("application/json", body(ref("Changes"), a_correction=examples.CHANGES)),
        "csv": ("text/csv", body({"type": "string"}, csv=examples.written_changes("csv"))),
        "ndjson": ("application/x-ndjson", lines(ref("Changed"), ndjson=examples.written_changes("ndjson"))),
    }
    contents = dict(forms.values()) if form is None else dict([forms[form]])
    answer = {"description": "The events that differ", "content": contents}
    return _read_in(answer, UNKNOWN_PAIR, NOT_ACCEPTABLE, more=("Link",))


LOOKUP: Final[Responses] = {
    307: {
        "description": "`Location` is the pair's timeline",
        "headers": headers("Location", optional=["Timeline-Position"]),
    },
    **problems(UNKNOWN_GENERATION, UNAVAILABLE),
}
PAIRS: Final = _read_in(success("The pairs", ref("Pairs"), one_pair=examples.PAIRS), more=("Link", "Content-Language"))
PARTNERS: Final = _read_in(
    success("The pairs by their other country", ref("Partners"), one_partner=examples.PARTNERS),
    UNKNOWN_COUNTRY,
    more=("Content-Language",),
)
TAGS: Final = _read_in(success("The tags", ref("Names"), of_one_event=examples.TAGS), more=("Link",))
ACTORS: Final = _read_in(success("The actors", ref("Names"), of_one_event=examples.ACTORS), more=("Link",))
PUBLISHERS: Final = _read_in(success("The publishers", ref("Names"), of_one_event=examples.PUBLISHERS), more=("Link",))
SUMMARY: Final = _read_in(
    success("The counts", ref("Summary"), of_a_pair=examples.SUMMARY), UNKNOWN_PAIR, NOT_ACCEPTABLE
)
SUMMARY_OF_EVENTS: Final = _read_in(
    success("The counts", ref("Summary"), of_all_pairs={**examples.SUMMARY, "pair": None})
)
EVENT: Final = _read_in(success("The event", ref("Event"), current=examples.EVENT), UNKNOWN_EVENT)
REVISIONS: Final = _read_in(success("Its history", ref("Revisions"), corrected_once=examples.REVISIONS), UNKNOWN_EVENT)
RECORD: Final = _read_in(
    success(
        "What became of it",
        ref("Record"),
        applied=examples.APPLIED,
        duplicate=examples.DUPLICATE,
        rejected=examples.REJECTED,
    ),
    NOT_YET,
    UNKNOWN_RECORD,
)
BATCHES: Final = _read_in(success("The loads", ref("Batches"), one_load=examples.BATCHES), more=("Link",))
BATCH: Final = _read_in(success("The load", ref("Batch"), with_conflicts=examples.BATCH), UNKNOWN_BATCH)
RECORDS: Final = _read_in(success("The records", ref("Records"), two_of_them=examples.RECORDS), more=("Link",))
PARKED: Final = _read_in(success("The records", ref("Parked"), one_parked=examples.PARKED), more=("Link",))
_NOTHING: Final = _sent(body({"type": "object", "maxProperties": 0}, nothing_to_say={}))
REDRIVE: Final[dict[str, Any]] = {
    "openapi_extra": _NOTHING,
    "responses": {
        202: {
            **success("The wish is stored", ref("Redrive"), stored={"position": "3:21"}),
            "headers": headers("Location", *_ALWAYS, optional=["Timeline-Position"]),
        },
        **problems(NOT_PARKED, UNREADABLE, TOO_LARGE, UNAVAILABLE),
    },
}
_FILED: Final = {
    **success("The replay is filed", ref("Replay"), waiting=examples.WAITING),
    "headers": headers("Location", *_ALWAYS),
}
FILE_REPLAY: Final[dict[str, Any]] = {
    "openapi_extra": _sent(body(ref("ReplayRequest"), **examples.REPLAY_REQUESTS)),
    "responses": {202: _FILED, **problems(UNREADABLE, TOO_LARGE, INVALID_REPLAY, REPLAY_RUNNING, UNAVAILABLE)},
}
REPLAYS: Final = _read(success("The replays", ref("Replays"), one_replay=examples.REPLAYS), more=("Link",))
REPLAY: Final = _read(
    success("The replay", ref("Replay"), waiting=examples.WAITING, over=examples.VERIFIED), UNKNOWN_REPLAY
)
PROGRESS: Final[Responses] = {
    200: {
        "description": "Server-sent events until the replay is over: progress, and at last done",
        "content": {"text/event-stream": events(ref("ReplayTold"), to_the_end=examples.PROGRESS)},
        "headers": headers("Cache-Control", optional=["Timeline-Position"]),
    },
    **problems(UNKNOWN_REPLAY, UNAVAILABLE),
}
CANCEL_REPLAY: Final[Responses] = {
    202: {
        **success("It is over, or ends soon", ref("Replay"), cancelled=examples.CANCELLED),
        "headers": headers(*_ALWAYS),
    },
    **problems(UNKNOWN_REPLAY, REPLAY_OVER, UNAVAILABLE),
}
GENERATIONS: Final = _read(success("The generations", ref("Generations"), two_of_them=examples.GENERATIONS))
ACTIVATE: Final[dict[str, Any]] = {
    "openapi_extra": _NOTHING,
    "responses": {
        202: _FILED,
        **problems(UNKNOWN_GENERATION, GENERATION_LIVE, GENERATION_FIXED, GENERATION_FOREIGN, REPLAY_RUNNING),
        **problems(UNREADABLE, TOO_LARGE, UNAVAILABLE),
    },
}
DROP_GENERATION: Final[Responses] = {
    204: {"description": "It is gone"},
    **problems(UNKNOWN_GENERATION, GENERATION_LIVE, REPLAY_RUNNING, UNAVAILABLE),
}
COUNTRIES: Final = _read_in(
    success("The countries", ref("Countries"), two_of_them=examples.COUNTRIES), more=("Content-Language",)
)
TAXONOMY: Final = _read_in(success("The types", ref("Types"), all_of_them=examples.TYPES))
STATUS: Final = _read_in(success("The projection", ref("Status"), caught_up=examples.STATUS))
LOG_EXPORT: Final = _read(
    {
        "description": "What the range is, then its records and gaps, a line for each, and how many records there were",
        "content": {
            "application/x-ndjson": lines(
                {"anyOf": [ref(name) for name in ("ExportHeader", "ExportedRecord", "ExportGap", "ExportEnd")]},
                a_record_and_a_marker=examples.LOG_EXPORT,
            )
        },
    }
)
_STREAM: Final[Responses] = {
    200: {
        "description": "Server-sent events, for ever: applied, left, duplicate, rejected or parked",
        "content": {"text/event-stream": events(ref("Told"), recorded=examples.LIVE)},
        "headers": headers("Cache-Control", optional=["Timeline-Position"]),
    }
}
LIVE_OF_PAIR: Final[Responses] = {**_STREAM, **problems(UNKNOWN_PAIR, NOT_ACCEPTABLE, UNAVAILABLE)}
LIVE: Final[Responses] = {**_STREAM, **problems(UNAVAILABLE)}
HEALTHZ: Final[Responses] = {200: success("It is alive", ref("State"), alive={"status": "ok"})}
READYZ: Final[Responses] = {
    200: success("It is ready", ref("State"), ready={"status": "ready"}),
    **problems(UNAVAILABLE),
}
METRICS: Final[Responses] = {
    200: success("The metrics", {"type": "string"}, media_type="text/plain", some_of_them=examples.METRICS),
}
