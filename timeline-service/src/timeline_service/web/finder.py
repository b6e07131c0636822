"""`/timelines?a=&b=`: from two names to a pair's page, or to what may have been meant."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from event_schemas.countries import CountryError, country_code, fold_name, pair_name
from timeline_service.api.languages import Language
from timeline_service.domain.country_names import names_in
from timeline_service.queries.views.countries import CountryView
from timeline_service.web.addresses import PageRoute, with_query
from timeline_service.web.rendering import PageContext, show_at_once

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@dataclass(frozen=True, slots=True)
class NameRefusal:
    """Why a name leads nowhere, and what may have been meant, with where that leads."""

    field: str
    words: str
    candidates: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFinder:
    """The two fields that lead to a pair."""

    a: str = ""
    b: str = ""
    countries: tuple[CountryView, ...]
    refusals: tuple[NameRefusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FinderContext(PageContext):
    """The two fields alone, with what is wrong with what stands in them."""

    template: ClassVar[str] = "finder.html"
    finder: PairFinder


@router.get("/timelines")
async def find(
    language: Language,
    a: Annotated[str, Query(max_length=200, description="A country by code, name or alias.")] = "",
    b: Annotated[str, Query(max_length=200, description="Another one.")] = "",
) -> Response:
    """Leads two names to the pair's page, or says which of them is none, and what may have been meant."""
    codes, refusals = [], []
    for field, text, other in (("a", a, b), ("b", b, a)):
        try:
            codes.append(_code_of(text, language))
        except CountryError as error:
            refusals.append(_refusal(field, text, other, error))
    if not refusals and codes[0] != codes[1]:
        return RedirectResponse(f"/timelines/{pair_name(*codes)}", 303)
    if not refusals:
        refusals.append(NameRefusal("b", "This is the same country: a pair is two different ones.", ()))
    if not a and not b:
        return RedirectResponse("/", 303)
    finder = pair_finder(language, a, b, tuple(refusals))
    status = 404 if a and b else 400
    return show_at_once(FinderContext(title="Which two countries?", language=language, finder=finder), status)


def pair_finder(language: str, a: str = "", b: str = "", refusals: tuple[NameRefusal, ...] = ()) -> PairFinder:
    """The two fields, with what stands in them."""
    return PairFinder(a=a, b=b, countries=countries_in(language), refusals=refusals)


def countries_in(language: str) -> tuple[CountryView, ...]:
    """All countries by their names in a language, to be suggested."""
    countries: list[CountryView] = [{"code": code, "name": name} for code, name in names_in(language).items()]
    return tuple(sorted(countries, key=lambda each: each["name"]))


def country_meant(language: str, text: str) -> str:
    """The code of a country by its name in a language; else what was written."""
    try:
        return _code_of(text, language)
    except CountryError:
        return text


def _code_of(text: str, language: str) -> str:
    """A country by its code or name, also by its name in the reader's language; raises CountryError."""
    try:
        return country_code(text)
    except CountryError:
        wanted = fold_name(text)
        own = [code for code, name in names_in(language).items() if wanted and fold_name(name) == wanted]
        if len(own) != 1:
            raise
        return own[0]


def _refusal(field: str, text: str, other: str, error: CountryError) -> NameRefusal:
    if not text.strip():
        return NameRefusal(field, "Name a country: a pair is two.", ())
    links = []
    for candidate in error.candidates:
        code, _, name = candidate.partition(" ")
        given = {"a": code, "b": other} if field == "a" else {"a": other, "b": code}
        links.append((name, with_query("/timelines", list(given.items()))))
    words = f"“{text}” could be several countries." if "ambiguous" in str(error) else f"“{text}” is not a country."
    return NameRefusal(field, words, tuple(links))
