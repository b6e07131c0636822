"""Refusals as problem details (RFC 9457), the framework's own included; each type has a page that explains it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from event_schemas.errors import Detail
from service_edge.html_pages import HtmlPage, PageMaker
from service_edge.problem_pages import problem_page, problems_page, record_problem_page

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of refusal: its slug, HTTP status, title, and what somebody who gets it can do.

    `example` are members of a problem of this type, beside type, title and status.
    """

    slug: str
    status: int
    title: str
    explanation: str
    example: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def uri(self) -> str:
        """The type URI, relative to either service."""
        return f"/problems/{self.slug}"

    def sample(self) -> dict[str, Any]:
        """A problem of this type, as an example."""
        members = {"type": self.uri, "title": self.title, "status": self.status, "detail": self.title, "errors": []}
        return {**members, **self.example}


@dataclass(eq=False)
class ProblemError(Exception):
    """An answer that is a problem. `errors` say what is wrong where; `extra` are members of this one problem."""

    kind: ProblemType
    detail: str
    errors: Sequence[Detail] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, instance: str | None = None) -> dict[str, Any]:
        """The problem as JSON; `candidates` gathers those of its errors."""
        candidates = list(dict.fromkeys(name for item in self.errors for name in item.candidates))
        return {
            "type": self.kind.uri,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **({"instance": instance} if instance is not None else {}),
            "errors": [{"pointer": item.pointer, "detail": item.detail} for item in self.errors],
            **({"candidates": candidates} if candidates else {}),
            **self.extra,
        }

    def response(self, instance: str) -> Response:
        """The answer to the request for `instance`."""
        return Response(orjson.dumps(self.body(instance)), self.kind.status, dict(self.headers), MEDIA_TYPE)


BAD_PARAMETER: Final = ProblemType(
    "bad-parameter",
    400,
    "A parameter cannot be read",
    "A path, query or header parameter is unknown, repeated, or has a value that cannot be. `errors` names it and says "
    "what was expected: change it, or leave it out. /docs lists what each request takes.",
    {
        "detail": "colour is not a parameter of this request: it takes none",
        "errors": [{"pointer": "/colour", "detail": "is not a parameter of this request: it takes none"}],
    },
)
NOT_FOUND: Final = ProblemType(
    "not-found",
    404,
    "There is nothing here",
    "The address is not one of this service's. /docs lists those that are: look for the one that was meant.",
    {"detail": "there is nothing at this address: /docs lists what there is"},
)
METHOD_NOT_ALLOWED: Final = ProblemType(
    "method-not-allowed",
    405,
    "This address takes another method",
    "Use a method that the `Allow` header lists. HEAD is answered wherever GET is.",
    {"detail": "this address does not take this method: use GET, HEAD"},
)
UNSUPPORTED_MEDIA_TYPE: Final = ProblemType(
    "unsupported-media-type",
    415,
    "The body's media type is not taken here",
    "Every POST needs a Content-Type from the list in `detail` and in the `Accept-Post` header, and no "
    "Content-Encoding: send the body in one of them, as it is.",
    {"detail": "'text/plain' is not taken here: send application/json"},
)
FOREIGN_HOST: Final = ProblemType(
    "foreign-host",
    421,
    "This service does not answer for that host",
    "Without accounts the service answers to loopback names only, so that no web page can reach it under a name of "
    "its own (DNS rebinding). Ask it as 127.0.0.1 or localhost, or name the host in the setting ALLOWED_HOSTS.",
    {"detail": "host 'dyadline.example' is not loopback: use 127.0.0.1, or name it in ALLOWED_HOSTS"},
)
FOREIGN_ORIGIN: Final = ProblemType(
    "foreign-origin",
    403,
    "A page of another origin may not write",
    "A browser sent this from a page that is not the service's own. If that page should write, name its origin in the "
    "setting ALLOWED_ORIGINS.",
    {"detail": "origin 'https://elsewhere.example' may not write here: name it in ALLOWED_ORIGINS if it should"},
)
UNAUTHENTICATED: Final = ProblemType(
    "unauthenticated",
    401,
    "This needs a credential that is taken here",
    "Send `Authorization: Bearer` with a token of the service's token file, which `ingest token NAME --role read` "
    "makes, or with a JWT of its issuer. A browser signs in at the timeline service's /sign-in. A credential that is "
    "refused is unknown here, was withdrawn or has expired: whoever runs the service finds the reason in its log.",
    {"detail": "there is no credential: send Authorization: Bearer TOKEN"},
)
NOT_ALLOWED: Final = ProblemType(
    "not-allowed",
    403,
    "Your credential does not allow this",
    "`missing` names the roles of which one is needed: `read` (timelines, events, records, pages), `write` (posts, "
    "corrections, retractions), `audit` (the log's export, parked records, verifications), `operate` (rebuilds, "
    "generations, redrives, metrics). Ask whoever runs the service for a credential that has it.",
    {
        "detail": "gdelt-feed does not have the role read, which this needs: ask for a credential with it",
        "missing": ["read"],
    },
)
TOO_MANY: Final = ProblemType(
    "too-many",
    429,
    "Too many in too short a time",
    "Requests, events and wrong credentials are counted for each principal, and for each address where there is none. "
    "Nothing of this request was done: make it again after `Retry-After` seconds.",
    {"detail": "600 requests a minute are taken from gdelt-feed: make this one again after 7 s"},
)
ISSUER_AWAY: Final = ProblemType(
    "issuer-away",
    503,
    "The credential cannot be judged now",
    "It is a JWT, and the keys of its issuer cannot be had. Nothing was done: make the same request again after "
    "`Retry-After` seconds. Tokens of the token file are taken meanwhile.",
    {"detail": "the keys of https://issuer.example cannot be had: make the same request again later"},
)
INTERNAL_ERROR: Final = ProblemType(
    "internal-error",
    500,
    "Something went wrong on our side",
    "A bug. The service's log has the details: please report them with the request that met it. Asking again may help, "
    "and is safe.",
    {"detail": "an unexpected error; it is in the service's log"},
)
UNREADABLE_REQUEST: Final = ProblemType(
    "unreadable-request",
    400,
    "The request cannot be read",
    "It is not HTTP/1.1 by the letter (RFC 9112): an address, for one, is ASCII, everything else in it is written as % "
    "and two hex digits, and it has at most 65,535 bytes; all headers together have at most 262,144. The connection is "
    "closed. Nothing was done, except where a body in NDJSON had begun: lines before the mistake may be recorded, and "
    "to post all of them again is safe.",
    {
        "detail": "this is not HTTP/1.1, or its address has bytes beyond ASCII or more than 65,535 of them, or its "
        "headers have more than 262,144"
    },
)
COMMON: Final = (
    UNREADABLE_REQUEST,
    BAD_PARAMETER,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    UNSUPPORTED_MEDIA_TYPE,
    FOREIGN_HOST,
    FOREIGN_ORIGIN,
    UNAUTHENTICATED,
    NOT_ALLOWED,
    TOO_MANY,
    ISSUER_AWAY,
    INTERNAL_ERROR,
)

Translate = Callable[[Exception], ProblemError | None]
Show = Callable[[Request, ProblemError], Response | None]


def install_problems(
    app: FastAPI,
    kinds: Iterable[ProblemType],
    translate: Translate,
    errors: Sequence[type[Exception]],
    show: Show = lambda request, problem: None,
    page: PageMaker = HtmlPage,
    records: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Answer every refusal of the app as a problem: ours, those of `errors` as translated, and the framework's.

    `show` makes a page of one, for whoever wants that; `page` makes those that explain their types.
    `records` are the problems that records can have, which are explained, too: what each says of a record, by its slug.
    """
    pages = {kind.slug: kind for kind in (*COMMON, *kinds)}

    async def answer(request: Request, error: Exception) -> Response:
        problem = translate(error) or _framework_problem(error)
        if problem.kind is METHOD_NOT_ALLOWED or problem.kind is BAD_PARAMETER:
            problem = _about_method(problem, request)
        if problem.kind.status == INTERNAL_ERROR.status:
            structlog.get_logger().error("request failed", path=request.url.path, exc_info=error)
        return show(request, problem) or problem.response(_instance(request))

    for kind in (ProblemError, HTTPException, RequestValidationError, Exception, *errors):
        app.add_exception_handler(kind, answer)

    @app.get("/problems", response_class=HtmlPage, include_in_schema=False)
    async def index() -> Response:
        return problems_page(pages.values(), records, page)

    @app.get("/problems/{slug}", response_class=HtmlPage, include_in_schema=False)
    async def explain(slug: str) -> Response:
        if slug in pages:
            return problem_page(pages[slug], records.get(slug, ""), page)
        if slug not in records:
            raise ProblemError(
                NOT_FOUND, f"there is no problem type {slug[:80]!r}: /problems lists those that there are"
            )
        return record_problem_page(slug, records[slug], page)


def _methods_here(request: Request) -> list[str]:
    """The methods that the request's path takes: those of its own routes, or else of all whose pattern it fits.

    The router knows those of one route only, and of a pattern's parameter no more than that anything fits it.
    """
    path, own, fitting = request.scope["path"], set[str](), set[str]()
    for route in iter_route_contexts(request.app.routes):
        if route.path_format is None or route.methods is None:
            continue
        if route.path_format == path:
            own |= route.methods
        elif route.path_regex.match(path):
            fitting |= route.methods
    methods = own or fitting
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _about_method(problem: ProblemError, request: Request) -> ProblemError:
    """The refusal of a method that the path does not take, also where it fits the pattern of another; or the same."""
    methods = _methods_here(request)
    if problem.kind is BAD_PARAMETER and request.scope["method"] in methods:
        return problem
    allowed = ", ".join(methods)
    said = f"this address does not take this method: use {allowed}"
    return ProblemError(METHOD_NOT_ALLOWED, said, headers={"allow": allowed})


def _framework_problem(error: Exception) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, RequestValidationError):
        details = [_parameter_detail(item) for item in error.errors()]
        return ProblemError(BAD_PARAMETER, "; ".join(f"{item.pointer[1:]}: {item.detail}" for item in details), details)
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        if error.status_code == NOT_FOUND.status:
            return ProblemError(NOT_FOUND, "there is nothing at this address: /docs lists what there is")
        if error.status_code == METHOD_NOT_ALLOWED.status:
            return ProblemError(METHOD_NOT_ALLOWED, "this address does not take this method", headers=headers)
        return ProblemError(BAD_PARAMETER, str(error.detail), headers=headers)
    return ProblemError(INTERNAL_ERROR, "an unexpected error; it is in the service's log")


def _parameter_detail(item: Mapping[str, Any]) -> Detail:
    place = [str(part) for part in item["loc"]]
    if place[0] == "query":
        place = place[:2]  # of a repeated parameter the one that is wrong says so by its value
    cause = item.get("ctx", {}).get("error")
    candidates = tuple(getattr(cause, "candidates", ()))
    return Detail("/" + "/".join(place[1:] or place), str(cause) if cause else str(item["msg"]), candidates)


def _instance(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
