"""How the timeline service's errors read as problems: the one place that knows their HTTP status."""

from collections.abc import Mapping
from typing import Final

from event_schemas.errors import Detail, UnreadableError
from service_edge.problems import BAD_PARAMETER, ProblemError, ProblemType
from timeline_service.api.examples import REPLAY_ID
from timeline_service.errors import (
    ConflictError,
    GenerationFixedError,
    GenerationForeignError,
    GenerationLiveError,
    InvalidReplayError,
    NotParkedError,
    NotYetError,
    RefusedError,
    ReplayOverError,
    ReplayRunningError,
    TimelineError,
    TooLargeError,
    UnavailableError,
    UnknownBatchError,
    UnknownCountryError,
    UnknownError,
    UnknownEventError,
    UnknownGenerationError,
    UnknownPairError,
    UnknownRecordError,
    UnknownReplayError,
)
from timeline_service.formats.negotiation import NotAcceptableError

UNKNOWN_EVENT: Final = ProblemType(
    "unknown-event",
    404,
    "There is no such event",
    "No event with this id is projected, at the moment asked for. One that was just posted is there from its position "
    "on: send it as `Timeline-Position`. /v1/events finds events by their words.",
    {"detail": "no event 80d5d10a-b3b5-59dc-825b-830d249e8c6a is recorded"},
)
UNKNOWN_PAIR: Final = ProblemType(
    "unknown-pair",
    404,
    "There is no such pair",
    "A pair is two different countries by their codes, such as IN-CN; /v1/timelines/lookup takes names. A pair that "
    "could have events and has none is an empty timeline instead.",
    {"detail": "'Indai' is not a country: did you mean IND India?"},
)
UNKNOWN_COUNTRY: Final = ProblemType(
    "unknown-country",
    404,
    "There is no such country",
    "Take one of `candidates`, or of those that /v1/countries lists; a code or a whole name will do.",
    {
        "detail": "'Indai' is not a country: did you mean IND India?",
        "errors": [{"pointer": "", "detail": "'Indai' is not a country: did you mean IND India?"}],
        "candidates": ["IND India"],
    },
)
UNKNOWN_RECORD: Final = ProblemType(
    "unknown-record",
    404,
    "The log has no record at this position",
    "The log ends before this offset, or the projection is past it and there was no record at it: take a position as "
    "the ingest service answered it.",
    {"detail": "the log has no record at 3:17"},
)
UNKNOWN_BATCH: Final = ProblemType(
    "unknown-batch",
    404,
    "There is no such load",
    "No record that is projected by now names it. /v1/batches lists those that there are; what was posted just now is "
    "found with its `Timeline-Position`.",
    {"detail": "no record names the load gdelt-2026-02-13: /v1/batches lists those there are"},
)
NOT_PARKED: Final = ProblemType(
    "not-parked",
    404,
    "No record is parked at this position",
    "/v1/parked lists the records that are parked; what became of any other is at /v1/records.",
    {"detail": "no record is parked at 3:17"},
)
NOT_YET: Final = ProblemType(
    "not-yet",
    404,
    "This record is not projected yet",
    "The log may or may not have it. Ask again, or wait for it with `?wait=5`.",
    {"detail": "the record at 3:17 is not projected yet"},
)
UNKNOWN_GENERATION: Final = ProblemType(
    "unknown-generation",
    404,
    "There is no such generation of the projection",
    "It was dropped, is not made yet, or was made by code of another shape, which this code cannot read. "
    "/v1/generations lists those that there are; without `generation` a read answers from the live one.",
    {"detail": "there is no generation 7: /v1/generations lists those there are"},
)
UNKNOWN_REPLAY: Final = ProblemType(
    "unknown-replay",
    404,
    "There is no such replay",
    "/v1/replays lists those that there are, past ones too. The answer to a POST names the new one in `Location`.",
    {"detail": f"there is no replay {REPLAY_ID}: /v1/replays lists those there are"},
)
UNREADABLE: Final = ProblemType(
    "unreadable",
    400,
    "The body cannot be read",
    "It is not UTF-8, not JSON, or JSON that different readers would read differently (RFC 8259, RFC 7493). Nothing "
    "was done: mend the body, as `detail` says, and send it again.",
    {"detail": "not JSON: Expecting value at line 1, column 9"},
)
TOO_LARGE: Final = ProblemType(
    "too-large",
    413,
    "Too many bytes",
    "What is sent here is small: a body is at most 64 KiB. Nothing was done.",
    {"detail": "a body is at most 65536 bytes (64 KiB), this one has 70000"},
)
INVALID_REPLAY: Final = ProblemType(
    "invalid-replay",
    422,
    "There can be no such replay",
    "`errors` lists everything that is wrong: where in the body, as a JSON Pointer, and what was expected there. "
    "Nothing was done: mend all of it and send it again.",
    {
        "detail": "/until/next_offsets/0: expected a whole number from 0 to 18, where the log ends",
        "errors": [
            {
                "pointer": "/until/next_offsets/0",
                "detail": "expected a whole number from 0 to 18, where the log ends",
            }
        ],
    },
)
REPLAY_RUNNING: Final = ProblemType(
    "replay-running",
    409,
    "Another replay builds a generation",
    "There is one rebuild or activation at a time, and what it builds is not dropped under it. `replay` names it: wait "
    "for its end at /v1/replays/{id}/progress, or cancel it with DELETE. A verification may run beside it.",
    {
        "detail": f"the replay {REPLAY_ID} builds a generation: wait for its end, or cancel it",
        "replay": REPLAY_ID,
    },
)
REPLAY_OVER: Final = ProblemType(
    "replay-over",
    409,
    "This replay is over",
    "There is nothing left to cancel. A generation that it made can be dropped with DELETE /v1/generations/{n}.",
    {"detail": f"the replay {REPLAY_ID} is over: its state is succeeded"},
)
GENERATION_LIVE: Final = ProblemType(
    "generation-live",
    409,
    "This generation is the live one",
    "It need not be activated, and cannot be dropped while everybody reads it: activate another one first, or make one "
    "with a rebuild.",
    {"detail": "generation 1 is live: activate another one first"},
)
GENERATION_FIXED: Final = ProblemType(
    "generation-fixed",
    409,
    "This generation ends at a point in time",
    "It was made `until` then, to be looked at with `generation=`: it is never projected further, so it cannot become "
    "the live one. A rebuild without `until` makes one that can.",
    {"detail": "generation 2 ends at a point in time, and stays as it is"},
)
GENERATION_FOREIGN: Final = ProblemType(
    "generation-foreign",
    409,
    "This generation was made by other code",
    "Its tables have another shape than this code writes and reads: let the code that made it activate it, make a new "
    "one with a rebuild, or drop it.",
    {"detail": "generation 1 was made by code of another shape"},
)
NOT_ACCEPTABLE: Final = ProblemType(
    "not-acceptable",
    406,
    "There is no such format",
    "Name a format by suffix (.json, .csv, .ndjson, .ics, .atom, .timelinejs.json) or by its media type in Accept.",
    {"detail": ".pdf is none of the formats that there are: .json, .csv, .ndjson, .ics, .atom, .timelinejs.json"},
)
UNAVAILABLE: Final = ProblemType(
    "unavailable",
    503,
    "The answer cannot be given now",
    "The database or the log is out of reach, or the projection has not got to the position that was asked for. The "
    "same request can be made again after `Retry-After` seconds.",
    {"detail": "the projection has not got to 3:17 within 5 s"},
)
KINDS: Final = (
    UNKNOWN_EVENT,
    UNKNOWN_PAIR,
    UNKNOWN_COUNTRY,
    UNKNOWN_RECORD,
    UNKNOWN_BATCH,
    NOT_PARKED,
    NOT_YET,
    UNKNOWN_GENERATION,
    UNKNOWN_REPLAY,
    UNREADABLE,
    TOO_LARGE,
    INVALID_REPLAY,
    REPLAY_RUNNING,
    REPLAY_OVER,
    GENERATION_LIVE,
    GENERATION_FIXED,
    GENERATION_FOREIGN,
    NOT_ACCEPTABLE,
    UNAVAILABLE,
)
_UNKNOWN: Final[Mapping[type[UnknownError], ProblemType]] = {
    UnknownEventError: UNKNOWN_EVENT,
    UnknownPairError: UNKNOWN_PAIR,
    UnknownCountryError: UNKNOWN_COUNTRY,
    UnknownRecordError: UNKNOWN_RECORD,
    UnknownBatchError: UNKNOWN_BATCH,
    NotParkedError: NOT_PARKED,
    NotYetError: NOT_YET,
    UnknownGenerationError: UNKNOWN_GENERATION,
    UnknownReplayError: UNKNOWN_REPLAY,
}
_CONFLICTS: Final[Mapping[type[ConflictError], ProblemType]] = {
    ReplayOverError: REPLAY_OVER,
    GenerationLiveError: GENERATION_LIVE,
    GenerationFixedError: GENERATION_FIXED,
    GenerationForeignError: GENERATION_FOREIGN,
}


def translate(error: Exception) -> ProblemError | None:
    """The problem that an error of ours is, or None."""
    match error:
        case RefusedError():
            details = [Detail(error.pointer, str(error), error.candidates)]
            return ProblemError(BAD_PARAMETER, f"{error.pointer[1:]}: {error}", details)
        case UnknownError():
            details = [Detail("", str(error), error.candidates)] if error.candidates else []
            return ProblemError(_UNKNOWN[type(error)], str(error), details)
        case ReplayRunningError():
            return ProblemError(REPLAY_RUNNING, str(error), extra={"replay": error.replay})
        case ConflictError():
            return ProblemError(_CONFLICTS[type(error)], str(error))
        case InvalidReplayError():
            return ProblemError(INVALID_REPLAY, str(error), error.details)
        case UnreadableError():
            return ProblemError(UNREADABLE, str(error))
        case TooLargeError():
            return ProblemError(TOO_LARGE, str(error))
        case NotAcceptableError():
            return ProblemError(NOT_ACCEPTABLE, str(error))
        case UnavailableError():
            return ProblemError(UNAVAILABLE, str(error), headers={"retry-after": "1"})
        case _:
            return None


ERRORS: Final = (TimelineError, UnreadableError)
