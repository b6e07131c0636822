"""A refusal as a page: what is wrong, what was expected, and where to go on."""

from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import quote

from fastapi import Request, Response

from service_edge.problems import ProblemError
from timeline_service.domain.country_names import ENGLISH, negotiate_language
from timeline_service.formats.negotiation import prefers_page
from timeline_service.web.addresses import PageRoute, with_query
from timeline_service.web.rendering import PageContext, show_at_once

_TITLES: Final = {
    "bad-parameter": "That cannot be read",
    "not-found": "There is nothing at this address",
    "unauthenticated": "Sign in first",
    "not-allowed": "You may not do this",
    "too-many": "Too much at once",
    "unavailable": "This cannot be shown now",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may have been meant, and where that is."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a parameter, what may have been meant, and the address without it."""

    name: str
    words: str
    suggestions: tuple[Suggestion, ...]
    url_without: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemContext(PageContext):
    """What the page of a refusal shows."""

    template: ClassVar[str] = "problem.html"
    status: int
    words: str
    mistakes: tuple[Mistake, ...]
    suggestions: tuple[Suggestion, ...]
    #: Whether the same address may be asked for again.
    again: bool
    #: What this kind of refusal means in general.
    explained_url: str | None


def problem_page(
    status: int,
    title: str,
    words: str,
    language: str,
    *,
    mistakes: tuple[Mistake, ...] = (),
    suggestions: tuple[Suggestion, ...] = (),
    explained_url: str | None = None,
) -> ProblemContext:
    """The page of a refusal."""
    return ProblemContext(
        title=title,
        language=language,
        status=status,
        words=words,
        mistakes=mistakes,
        suggestions=suggestions,
        again=status in {500, 503},
        explained_url=explained_url,
    )


def show_problem(request: Request, problem: ProblemError) -> Response | None:
    """The page of a problem, where it is a page that was asked for, or a browser that asks."""
    if not isinstance(request.scope.get("route"), PageRoute) and not _browses(request):
        return None
    return show_as_page(request, problem)


def show_as_page(request: Request, problem: ProblemError) -> Response:
    """The page of a problem."""
    kind = problem.kind
    mistakes = _mistakes(request, problem)
    candidates = problem.body().get("candidates", ()) if not mistakes else ()
    context = problem_page(
        kind.status,
        _TITLES.get(kind.slug, kind.title),
        "" if mistakes else problem.detail,
        negotiate_language(request.headers.get("accept-language")) or ENGLISH,
        mistakes=mistakes,
        suggestions=tuple(Suggestion(each, with_query("/search", [("q", each)])) for each in candidates),
        explained_url=kind.uri,
    )
    return show_at_once(context, kind.status, dict(problem.headers))


def _browses(request: Request) -> bool:
    return request.method in {"GET", "HEAD"} and prefers_page(",".join(request.headers.getlist("accept")))


def _mistakes(request: Request, problem: ProblemError) -> tuple[Mistake, ...]:
    query = request.query_params.multi_items()
    path, made = quote(request.scope["path"]), []
    for error in problem.errors:
        name = error.pointer.removeprefix("/")
        values = request.query_params.getlist(name)
        rest = [item for item in query if item[0] != name]
        suggestions = []
        for candidate in error.candidates if values else ():
            value = candidate.partition(" ")[0]
            suggestions.append(Suggestion(candidate, with_query(path, [*rest, (name, value)])))
        if name:
            url = with_query(path, rest) if values else None
            made.append(Mistake(name, error.detail, tuple(suggestions), url))
    return tuple(made)
