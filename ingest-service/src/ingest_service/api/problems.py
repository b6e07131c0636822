"""How the ingest service's errors read as problems: the one place that knows their HTTP status."""

from typing import Final

from starlette.requests import ClientDisconnect

from event_schemas.errors import Detail, LanguageError, RefusedEventError, UnreadableError
from ingest_service.errors import (
    BadParameterError,
    IngestError,
    OverloadedError,
    RefusedRequestError,
    TooLargeError,
    UnavailableError,
    UnknownOutcomeError,
)
from ingest_service.metrics import REFUSED
from service_edge.problems import BAD_PARAMETER, ProblemError, ProblemType

UNREADABLE: Final = ProblemType(
    "unreadable",
    400,
    "The body cannot be read",
    "It is not UTF-8, not JSON, or JSON that different readers would read differently: a key twice in one object, a "
    "lone surrogate, a number that no IEEE double holds (RFC 8259, RFC 7493). Nothing was recorded: mend the body, as "
    "`detail` says, and send it again.",
    {"detail": "not JSON: unexpected end of data: line 1 column 18"},
)
INVALID_EVENT: Final = ProblemType(
    "invalid-event",
    422,
    "This is not an event as it should be",
    "`errors` lists everything that is wrong: where, as a JSON Pointer, and what was expected there; `candidates` what "
    "may have been meant. Nothing was recorded: mend all of it and send it again.",
    {
        "detail": "/countries/0: 'Indai' is not a country: did you mean IND India?",
        "errors": [{"pointer": "/countries/0", "detail": "'Indai' is not a country: did you mean IND India?"}],
        "candidates": ["IND India"],
    },
)
REFUSED_REQUEST: Final = ProblemType(
    "refused-request",
    422,
    "The request cannot be taken like this",
    "`detail` says what to change. Nothing was recorded: change it and send it again.",
    {"detail": "an Idempotency-Key is for one event, not for an array: give each event an id instead"},
)
TOO_LARGE: Final = ProblemType(
    "too-large",
    413,
    "Too many bytes",
    "An event is at most 256 KiB as sent, a JSON body 8 MiB. Send many events as application/x-ndjson, which has no "
    "limit. Nothing of what was too large was recorded.",
    {"detail": "an event is at most 262144 bytes (256 KiB), this one has 300000"},
)
OVERLOADED: Final = ProblemType(
    "overloaded",
    503,
    "Too much is being taken in",
    "More long bodies were sent at once than are taken in at once. Nothing of this one was recorded: send the same "
    "again, after `Retry-After` seconds.",
    {"detail": "too many long bodies wait to be taken in already: send it again later"},
)
LOG_UNAVAILABLE: Final = ProblemType(
    "log-unavailable",
    503,
    "The log is out of reach",
    "Nothing was sent to it. The same request can be made again, after `Retry-After` seconds.",
    {"detail": "Kafka at 127.0.0.1:9092 does not answer"},
)
UNKNOWN_OUTCOME: Final = ProblemType(
    "unknown-outcome",
    503,
    "It may have been recorded",
    "The log did not acknowledge in time. The same request again is safe: the same event is recorded once. `id` names "
    "the event.",
    {
        "detail": "the log did not acknowledge in time: it may have been recorded. The same request again is safe",
        "id": "5c596594-e4c4-5260-b4d4-ebd98fe2fdb4",
    },
)
INCOMPLETE: Final = ProblemType(
    "incomplete",
    503,
    "Not everything was recorded",
    "The log went out of reach while the body was being taken in, or the body hardly came while others waited. Post "
    "the same body again: what is recorded already is recorded once.",
    {"detail": "the log did not acknowledge in time: post the same body again"},
)
RESULTS_CUT: Final = ProblemType(
    "results-cut",
    507,
    "The answer has more lines than we keep",
    "Everything was taken in and counted, but lines of the answer are missing. Post smaller bodies to see them all.",
    {"detail": "12 lines of this answer were dropped: post smaller bodies"},
)
KINDS: Final = (
    UNREADABLE, INVALID_EVENT, REFUSED_REQUEST, TOO_LARGE, OVERLOADED, LOG_UNAVAILABLE, UNKNOWN_OUTCOME,
    INCOMPLETE, RESULTS_CUT,
)  # fmt: skip
ERRORS: Final = (IngestError, LanguageError, ClientDisconnect)
_RETRY: Final = {"retry-after": "2"}
_RETRY_LATER: Final = {"retry-after": "10"}


def translate(error: Exception) -> ProblemError | None:
    """The problem that an error of ours is, or None. Refusals are counted: each is translated once."""
    problem = _problem(error)
    if problem is not None and problem.kind.status < 500:
        REFUSED.inc()
    return problem


def problem_of(error: Exception) -> ProblemError:
    """The problem that an error of ours is; raises the error again if it is none of ours."""
    if (problem := translate(error)) is None:
        raise error
    return problem


def _problem(error: Exception) -> ProblemError | None:
    match error:
        case RefusedEventError():
            return ProblemError(INVALID_EVENT, str(error), error.details)
        case UnreadableError():
            return ProblemError(UNREADABLE, str(error))
        case BadParameterError():
            return ProblemError(BAD_PARAMETER, f"{error.pointer[1:]}: {error}", [Detail(error.pointer, str(error))])
        case RefusedRequestError():
            return ProblemError(REFUSED_REQUEST, str(error))
        case TooLargeError():
            return ProblemError(TOO_LARGE, str(error))
        case ClientDisconnect():
            return ProblemError(UNREADABLE, "the body broke off before its end: send it again, whole")
        case OverloadedError():
            return ProblemError(OVERLOADED, str(error), headers=_RETRY_LATER)
        case UnavailableError():
            return ProblemError(LOG_UNAVAILABLE, str(error), headers=_RETRY)
        case UnknownOutcomeError():
            named = {"id": error.event_id} if error.event_id is not None else {}
            return ProblemError(UNKNOWN_OUTCOME, str(error), extra=named, headers=_RETRY)
        case _:
            return None
