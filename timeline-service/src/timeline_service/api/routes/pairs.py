"""`/v1/timelines` and a country's partners: the pairs that have events, counted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from service_edge.prepared_routes import PreparedRoute
from timeline_service.api.filters import CursorText, Filters, Limit
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language, language_headers
from timeline_service.api.operations import PAIRS, PARTNERS
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import answer
from timeline_service.queries.pairs import country_of, list_pairs, list_partners
from timeline_service.queries.selections import read_country

router = APIRouter(tags=["timelines"], route_class=PreparedRoute)


@router.get("/v1/timelines", summary="The pairs that have events", responses=PAIRS)
async def pairs(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
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
    page = page_of(request, held, {"of": "pairs", **filters, "country": code, "order": by}, cursor)
    at, items, following = await list_pairs(awaited, page, language, limit)
    headers = language_headers(language) | next_link(request, following)
    return answer(request, at, {"items": items, "next": following}, headers=headers)


@router.get("/v1/countries/{country}/partners", summary="A country's pairs by count", responses=PARTNERS)
async def partners(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    filters: Filters,
    language: Language,
    country: Annotated[str, Path(description="A country by code or name.", examples=["IND"])],
) -> Response:
    """The countries with which a country has events, largest number first; with filters, of the events they select."""
    code = country_of(country)
    page = page_of(request, held, {"of": f"partners of {code}", **filters})
    at, items = await list_partners(awaited, page, code, language)
    return answer(request, at, {"items": items}, headers=language_headers(language))
