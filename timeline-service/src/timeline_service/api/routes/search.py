"""`/v1/events`: events across pairs."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response

from event_schemas.positions import format_position
from service_edge.prepared_routes import PreparedRoute
from timeline_service.api.filters import Codes, Count, Countries, CursorText, Filters, Limit
from timeline_service.api.holdings import Held
from timeline_service.api.listings import add_listing, form_of, order_of, refuse_suffix, write_listing
from timeline_service.api.operations import search_responses
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import known_already, tag_of, whole_or_stream, with_items
from timeline_service.queries.listings import PAGE, content_size, list_found

router = APIRouter(tags=["search"], route_class=PreparedRoute)
Order = Annotated[
    Literal["asc", "desc", "newest", "relevance"] | None,
    Query(
        description="By date of occurrence, which is the default; `newest`: the last to be recorded or revised first, "
        "which is that of Atom; or what fits `q` best: at most 1,000 events, without a cursor."
    ),
]


async def search(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    filters: Filters,
    country: Countries = None,
    code: Codes = None,
    order: Order = None,
    count: Count = False,
    limit: Limit | None = None,
    cursor: CursorText = None,
) -> Response:
    """Events of all pairs, with all the filters of a timeline and in its order; with `q`, each has a snippet.

    A snippet is HTML: escaped text with the words in `<mark>`. Documents for search follow the projection: the answer's
    Timeline-Position says how far they are, and a request's is waited for.
    """
    form = form_of(request)
    asked = {"of": "events", **filters, "country": country, "code": code, "order": order_of(order, form)}
    page = page_of(request, held, asked, cursor)
    listing = await list_found(awaited, page)
    at = listing.at
    if form != "json":
        tag = tag_of(str(request.url), form, at.vector, (at.generation, at.redriven))
        if (known := known_already(request, listing.now, tag)) is not None:
            return known
        return await write_listing(request, listing, form, title_of(page.query), limit, tag, "/search")
    rows, following = await listing.rows(limit or PAGE)
    body = await listing.head(following, counted=count)
    # Each event follows from the record that its revision was made of, so that none need be read to know them.
    places = ",".join([format_position(row.partition, row.from_offset) for row in rows])
    tag = tag_of(str(request.url), (at.generation,), places, orjson.dumps(body))
    chunks = with_items(body, listing.written(rows))
    headers = next_link(request, following)
    return await whole_or_stream(request, listing.now, chunks, content_size(rows), headers=headers, tag=tag)


add_listing(router, "/v1/events", "Events across pairs", search, search_responses)


async def _other_suffix(request: Request) -> Response:
    refuse_suffix(request.url.path)
    raise AssertionError("the route has a dot")


# A plain route, so that the query, which is of no format, is not looked at first.
router.add_route("/v1/events.{suffix}", _other_suffix, methods=["GET"], include_in_schema=False)


def title_of(query: Mapping[str, Any]) -> str:
    """What is selected, for a title that all pages share: `Events: country IN, tag steel`."""
    said = [
        f"{name} {value}"
        for name, values in sorted(query.items())
        if name not in {"of", "order"}
        for value in (values if isinstance(values, list) else [values])
    ]
    return f"Events: {', '.join(said) or 'all'}"
