"""How the ingest service's errors read as problems: the one place that knows their HTTP status."""

from typing import Final

from starlette.requests import ClientDisconnect

from event_schemas.errors import Detail, LanguageError, RefusedEventError, UnreadableError
from ingest_service.errors import (
    BadParameterError,
    IngestError,
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
    "lone surrogate, a number that no IEEE double holds (RFC 8259, RFC 7493). Nothing was recorded.",
)
INVALID_EVENT: Final = ProblemType(
    "invalid-event",
    422,
    "This is not an event as it should be",
    "`errors` lists everything that is wrong: where, as a JSON Pointer, and what was expected there; `candidates` what "
    "may have been meant. Nothing was recorded.",
)
REFUSED_REQUEST: Final = ProblemType(
    "refused-request",
    422,
    "The request cannot be taken like this",
    "`detail` says what to change. Nothing was recorded.",
)
TOO_LARGE: Final = ProblemType(
    "too-large",
    413,
    "Too many bytes",
    "An event is at most 256 KiB as sent, a JSON body 8 MiB. Send many events as application/x-ndjson, which has no "
    "limit. Nothing of what was too large was recorded.",
)
LOG_UNAVAILABLE: Final = ProblemType(
    "log-unavailable", 503, "The log is out of reach", "Nothing was sent to it. The same request can be made again."
)
UNKNOWN_OUTCOME: Final = ProblemType(
    "unknown-outcome",
    503,
    "It may have been recorded",
    "The log did not acknowledge in time. The same request again is safe: the same event is recorded once. `id` names "
    "the event.",
)
INCOMPLETE: Final = ProblemType(
    "incomplete",
    503,
    "Not everything was recorded",
    "The log went out of reach while the body was being taken in. Post the same body again: what is recorded already "
    "is recorded once.",
)
RESULTS_CUT: Final = ProblemType(
    "results-cut",
    507,
    "The answer has more lines than we keep",
    "Everything was taken in and counted, but lines of the answer are missing. Post smaller bodies to see them all.",
)
KINDS: Final = (
    UNREADABLE, INVALID_EVENT, REFUSED_REQUEST, TOO_LARGE, LOG_UNAVAILABLE, UNKNOWN_OUTCOME, INCOMPLETE, RESULTS_CUT,
)  # fmt: skip
ERRORS: Final = (IngestError, LanguageError, ClientDisconnect)
_RETRY: Final = {"retry-after": "2"}


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
        case UnavailableError():
            return ProblemError(LOG_UNAVAILABLE, str(error), headers=_RETRY)
        case UnknownOutcomeError():
            named = {"id": error.event_id} if error.event_id is not None else {}
            return ProblemError(UNKNOWN_OUTCOME, str(error), extra=named, headers=_RETRY)
        case _:
            return None
