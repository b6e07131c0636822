"""`/sign-in` and `/sign-out`: a browser shows its token once, and keeps it in a cookie that no script can read."""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from service_edge.access.callers import current_caller
from service_edge.access.credentials import cookie, is_secure
from service_edge.access.gate import Gate, address_of
from service_edge.access.tokens import CredentialError, read_token
from service_edge.host_origin_guard import READING
from service_edge.problems import UNAUTHENTICATED, ProblemError
from timeline_service.domain.country_names import ENGLISH
from timeline_service.formats.negotiation import prefers_page
from timeline_service.web.addresses import PageRoute, with_query
from timeline_service.web.form_bodies import read_form
from timeline_service.web.problem_page import show_as_page
from timeline_service.web.rendering import PageContext, show_at_once

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_LOG: Final = structlog.get_logger()
#: A path of ours: browsers would take //host and /\\host for another site, and leave out tabs and line ends.
_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_HOME: Final = "/"
#: RFC 6265, 6.1: a cookie of 4,096 bytes, with its name and what is said of it.
_MOST_KEPT: Final = 4_000
_PLAIN_HTTP: Final = (
    "This page came over plain HTTP, on which a browser keeps no token for this host: open it over HTTPS."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInContext(PageContext):
    """What the page shows: whether anybody has to sign in, who has, what was wrong, and where it goes on."""

    template: ClassVar[str] = "sign_in.html"
    asks: bool
    name: str | None
    refusal: str
    next_url: str


@router.get("/sign-in")
async def sign_in_form(request: Request, next_url: Annotated[str, Query(alias="next")] = _HOME) -> Response:
    """The form, or who has signed in already."""
    return _page(request, local_path(next_url))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Take a token that is right into a cookie, and lead on."""
    form = dict(await read_form(request, {"next", "token"}))
    gate: Gate = request.app.state.gate
    path = local_path(form.get("next", ""))
    if not gate.asks:
        return _page(request, path)
    if is_secure(request.scope) and request.scope["scheme"] != "https":
        return _page(request, path, _PLAIN_HTTP, 403)
    try:
        token = read_token(form.get("token", ""))
        if len(token) > _MOST_KEPT:
            raise CredentialError(f"the token has {len(token)} characters, and a browser keeps {_MOST_KEPT} of them")
        principal = await gate.identify(token, address_of(request.scope))
    except CredentialError as error:
        return _page(request, path, _sentence(str(error)), UNAUTHENTICATED.status)
    except ProblemError as problem:
        return _page(request, path, _sentence(problem.detail), problem.kind.status, dict(problem.headers))
    _LOG.info("signed in", principal=principal.name)
    return RedirectResponse(path, 303, {"set-cookie": cookie(request.scope, token), "cache-control": "no-store"})


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Have the browser forget the token."""
    headers = {"set-cookie": cookie(request.scope, ""), "cache-control": "no-store"}
    return RedirectResponse("/sign-in", 303, headers)


def show_to_callers(request: Request, problem: ProblemError) -> Response | None:
    """A refusal to who browses: to the form and back where nobody has signed in, else a page that says why."""
    if not prefers_page(",".join(request.headers.getlist("accept"))):
        return None
    if problem.kind is UNAUTHENTICATED and request.method in READING:
        path, query = quote(request.scope["path"]), request.scope["query_string"].decode("ascii", "replace")
        here = local_path(f"{path}?{query}" if query else path)
        there = with_query("/sign-in", [("next", here)] if here != _HOME else [])
        return RedirectResponse(there, 303, {"cache-control": "no-store", "vary": "Accept"})
    return show_as_page(request, problem)


def local_path(text: str) -> str:
    """A path of this service to lead to; the home page in place of everything else."""
    return text if _LOCAL.fullmatch(text) else _HOME


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _page(
    request: Request, path: str, refusal: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    gate: Gate = request.app.state.gate
    caller = current_caller()
    context = SignInContext(
        title="Sign in",
        language=ENGLISH,
        section="sign-in",
        asks=gate.asks,
        name=caller.name if caller.is_known else None,
        refusal=refusal,
        next_url=path,
    )
    return show_at_once(context, status, headers)
