"""`/v1/timelines/{pair}`: the ordered events of a pair, in every format."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from event_schemas.countries import pair_name
from service_edge.prepared_routes import PreparedRoute
from timeline_service.api.filters import Count, CursorText, Filters, Limit, PairPath
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language, language_headers
from timeline_service.api.listings import add_listing, form_of, order_of, pair_tag, read_pair, write_listing
from timeline_service.api.operations import LOOKUP, timeline_responses
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import AwaitedRead, CurrentReadPoint
from timeline_service.api.responses import known_already, shared_headers, whole_or_stream, with_items
from timeline_service.domain.country_names import names_in
from timeline_service.errors import RefusedError
from timeline_service.queries.listings import PAGE, content_size, list_timeline
from timeline_service.queries.selections import read_country
from timeline_service.queries.views.countries import pair_view
from timeline_service.queries.views.events import TimelineView

router = APIRouter(tags=["timelines"], route_class=PreparedRoute)
Order = Annotated[
    Literal["asc", "desc", "newest"] | None,
    Query(
        description="By date of occurrence, which is the default; `newest`: the last to be recorded or revised first, "
        "which is that of Atom."
    ),
]


@router.get(
    "/v1/timelines/lookup",
    summary="From two names to a pair's timeline",
    status_code=307,
    response_class=RedirectResponse,
    responses=LOOKUP,
)
async def lookup(
    request: Request,
    point: CurrentReadPoint,
    filters: Filters,
    a: Annotated[str, Query(description="A country by code or name.", examples=["India"])],
    b: Annotated[str, Query(description="Another one.", examples=["China"])],
    order: Order = None,
    count: Count = False,
    limit: Limit | None = None,
) -> RedirectResponse:
    """Redirects to the timeline of the pair of two countries, which may be written as codes or names.

    All other parameters are those of the timeline, and go with it.
    """
    first, second = read_country("a", a), read_country("b", b)
    if first == second:
        raise RefusedError("/b", f"{first} is named twice: a pair is two countries")
    target = request.url.replace(path=f"/v1/timelines/{pair_name(first, second)}").remove_query_params(["a", "b"])
    headers = {name: value for name, value in shared_headers(point, "").items() if name == "timeline-position"}
    return RedirectResponse(target.path + (f"?{target.query}" if target.query else ""), 307, headers)


async def timeline(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    filters: Filters,
    language: Language,
    pair: PairPath,
    order: Order = None,
    count: Count = False,
    limit: Limit | None = None,
    cursor: CursorText = None,
) -> Response:
    """Events by date of occurrence: `earliest`, then `latest`, then when it was first accepted, then `id`.

    With `order=newest` they come by when they were last revised: what a feed is read for.

    Pages answer at the log position of the first page: nothing is repeated, skipped or moved while the log goes on.
    JSON and Atom come in pages; the other formats hold all that is selected unless `limit` is given.
    """
    name, form = read_pair(pair), form_of(request)
    page = page_of(request, held, {"of": name, **filters, "order": order_of(order, form)}, cursor)
    # Whoever has an answer already is asked first whether it is the same.
    ahead = (limit or PAGE) if form == "json" and "if-none-match" not in request.headers else None
    listing = await list_timeline(awaited, page, name, ahead)
    tag = pair_tag(request, listing.at, form, language)
    headers = language_headers(language) if form == "json" else {}
    if (known := known_already(request, listing.now, tag, headers)) is not None:
        return known
    if form != "json":
        title = " – ".join(country["name"] for country in pair_view(name)["countries"])
        return await write_listing(request, listing, form, title, limit, tag, f"/timelines/{name}")
    rows, following = await listing.rows(limit or PAGE)
    body: TimelineView = {**pair_view(name, names_in(language)), **await listing.head(following, counted=count)}
    headers |= next_link(request, following)
    chunks = with_items(body, listing.written(rows))
    return await whole_or_stream(request, listing.now, chunks, content_size(rows), headers=headers, tag=tag)


add_listing(router, "/v1/timelines/{pair}", "The ordered events of a pair", timeline, timeline_responses)
