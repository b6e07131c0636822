"""How the timeline service's errors read as problems: the one place that knows their HTTP status."""

from typing import Final

from event_schemas.errors import Detail
from service_edge.problems import BAD_PARAMETER, ProblemError, ProblemType
from timeline_service.errors import RefusedError, TimelineError, UnavailableError, UnknownError
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
    "The projection is past this offset, and there was no record at it: take a position as the ingest service answered "
    "it.",
    {"detail": "the log has no record at 3:17"},
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
    NOT_PARKED,
    NOT_YET,
    NOT_ACCEPTABLE,
    UNAVAILABLE,
)
_BY_SLUG: Final = {kind.slug: kind for kind in KINDS}


def translate(error: Exception) -> ProblemError | None:
    """The problem that an error of ours is, or None."""
    match error:
        case RefusedError():
            details = [Detail(error.pointer, str(error), error.candidates)]
            return ProblemError(BAD_PARAMETER, f"{error.pointer[1:]}: {error}", details)
        case UnknownError():
            details = [Detail("", str(error), error.candidates)] if error.candidates else []
            return ProblemError(_BY_SLUG[error.what], str(error), details)
        case NotAcceptableError():
            return ProblemError(NOT_ACCEPTABLE, str(error))
        case UnavailableError():
            return ProblemError(UNAVAILABLE, str(error), headers={"retry-after": "1"})
        case _:
            return None


ERRORS: Final = (TimelineError,)
