"""`/v1/timelines` and a country's partners: the pairs that have events, counted."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from event_schemas.countries import CountryError, country_code
from timeline_service.adapters.postgres.selections import PairSelection
from timeline_service.api.answers import answer
from timeline_service.api.descriptions import PAIRS, PARTNERS
from timeline_service.api.languages import Language, language_headers
from timeline_service.api.routes.timelines import moment_of
from timeline_service.domain.country_names import names_in
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import Moment, vector_of
from timeline_service.domain.views import country_view, pair_view
from timeline_service.errors import UnknownCountryError
from timeline_service.queries.moments import Reader, Selections, Waits
from timeline_service.queries.paging import Page, next_link
from timeline_service.queries.selections import CursorText, Filters, Limit, read_country, read_selection

router = APIRouter(tags=["timelines"])
_MOST: Final = 1000  # there are not so many countries


@router.get("/v1/timelines", summary="The pairs that have events", responses=PAIRS)
async def pairs(
    request: Request,
    reader: Reader,
    selections: Selections,
    awaited: Waits,
    filters: Filters,
    language: Language,
    country: Annotated[str | None, Query(description="Only pairs of this country.", examples=["IND"])] = None,
    order: Annotated[Literal["pair", "count"], Query(description="`count`: the most active first.")] = "pair",
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Pairs with the number of their events and their first and last known dates; of those that filters select."""
    code = read_country("country", country) if country is not None else None
    by = order if order != "pair" else None
    page = Page.of(request, {"of": "pairs", **filters, "country": code, "order": by}, cursor)
    which = PairSelection(
        page.query.get("country"),
        page.query.get("order") == "count",
        (int(page.key[0]), str(page.key[1])) if page.key else (0, None),
    )
    selection = read_selection(_without_country(page.query))
    at = page.moment(await moment_of(awaited, page, selection))
    if page.vector is None and selection == Selection() and page.query.get("as_of") is None:
        offsets, rows = await selections.pairs_now(at.generation, which, limit + 1)
        at = Moment(at.generation, vector_of(offsets, len(at.vector)))
    else:
        rows = await selections.pairs(at, selection, which, limit + 1)
    more = len(rows) > limit
    following = page.next(at.vector, (rows[limit - 1]["count"], rows[limit - 1]["pair"])) if more else None
    items = [
        pair_view(row["pair"], names_in(language))
        | {"count": row["count"], "first": _iso(row["first"]), "last": _iso(row["last"])}
        for row in rows[:limit]
    ]
    headers = language_headers(language) | next_link(request, following)
    return answer(request, at, {"items": items, "next": following}, headers=headers)


@router.get("/v1/countries/{country}/partners", summary="A country's pairs by count", responses=PARTNERS)
async def partners(
    request: Request,
    selections: Selections,
    awaited: Waits,
    filters: Filters,
    language: Language,
    country: Annotated[str, Path(description="A country by code or name.", examples=["IND"])],
) -> Response:
    """The countries with which a country has events, largest number first; with filters, of the events they select."""
    try:
        code = country_code(country)
    except CountryError as error:
        raise UnknownCountryError(str(error), error.candidates) from error
    page = Page.of(request, {"of": f"partners of {code}", **filters}, None)
    selection = read_selection(page.query)
    at = await moment_of(awaited, page, selection)
    which = PairSelection(code, by_count=True)
    if selection == Selection() and page.query.get("as_of") is None:
        offsets, rows = await selections.pairs_now(at.generation, which, _MOST)
        at = Moment(at.generation, vector_of(offsets, len(at.vector)))
    else:
        rows = await selections.pairs(at, selection, which, _MOST)
    items = []
    for row in rows:
        (partner,) = (item for item in row["pair"].split("-") if item != code)
        items.append(country_view(partner, names_in(language)) | {"pair": row["pair"], "count": row["count"]})
    return answer(request, at, {"items": items}, headers=language_headers(language))


def _without_country(query: Any) -> dict[str, Any]:
    """The filters alone: which country's pairs are listed is no filter of events."""
    return {name: value for name, value in query.items() if name != "country"}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
