"""Summaries: how many events of which kind in which year."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from service_edge.prepared_routes import PreparedRoute
from timeline_service.api.filters import Codes, Countries, Filters, PairPath
from timeline_service.api.holdings import Held
from timeline_service.api.listings import pair_tag, read_pair
from timeline_service.api.operations import SUMMARY, SUMMARY_OF_EVENTS
from timeline_service.api.paging import page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import answer, known_already
from timeline_service.queries.paging import pair_point_of, read_point_of
from timeline_service.queries.selections import read_selection
from timeline_service.queries.summaries import summarise

router = APIRouter(tags=["timelines"], route_class=PreparedRoute)


@router.get("/v1/timelines/{pair}/summary", summary="How many events of which kind in which year", responses=SUMMARY)
async def summary(request: Request, held: Held, awaited: AwaitedRead, filters: Filters, pair: PairPath) -> Response:
    """Counts by year and valence, by type and by domain, the mean of Goldstein's scale, and the first and last date."""
    name = read_pair(pair)
    page = page_of(request, held, {"of": f"summary of {name}", **filters})
    selection = read_selection(page.query, name)
    point = await pair_point_of(awaited, page, selection, name)
    at = replace(point.now, vector=point.narrow)
    tag = pair_tag(request, at, "summary", "")
    if (known := known_already(request, point.now, tag)) is not None:
        return known
    return answer(request, point.now, await summarise(held.sources, at, selection), tag=tag)


@router.get(
    "/v1/events/summary",
    summary="How many events of all pairs, of which kind in which year",
    responses=SUMMARY_OF_EVENTS,
)
async def summary_of_events(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    filters: Filters,
    country: Countries = None,
    code: Codes = None,
) -> Response:
    """A summary of events of all pairs, each counted once; `pair` is null."""
    page = page_of(request, held, {"of": "summary of events", **filters, "country": country, "code": code})
    selection = read_selection(page.query)
    at = await read_point_of(awaited, page, selection, across=True)
    return answer(request, at, await summarise(held.sources, at, selection))
