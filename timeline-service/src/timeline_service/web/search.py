"""`/search`: events of all pairs, by words, countries and every filter."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from fastapi import APIRouter, Request, Response

from timeline_service.api.filters import Codes, Countries, CursorText, Filters, Limit
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language
from timeline_service.api.paging import page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.domain.country_names import names_in
from timeline_service.queries.listings import PAGE, list_found
from timeline_service.queries.views.countries import CountryView
from timeline_service.web.addresses import PageRoute, Query, with_query, without
from timeline_service.web.downloads import Download, downloads_of
from timeline_service.web.filter_forms import FilterForm, FormBuilder
from timeline_service.web.finder import countries_in
from timeline_service.web.lines import EventLine, event_line
from timeline_service.web.rendering import PageContext, show
from timeline_service.web.words import instant, number

router = APIRouter(include_in_schema=False, route_class=PageRoute)
Order = Literal["asc", "desc", "newest", "relevance"]
_ORDERS: Final = {"desc": "latest first", "asc": "earliest first", "newest": "last recorded first"}
#: With words, what fits them best comes first unless another order is asked for.
_ORDERS_OF_WORDS: Final = {"relevance": "best first", **_ORDERS}
_PAIRS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchContext(PageContext):
    """What the search page shows."""

    template: ClassVar[str] = "search.html"
    words: str
    asked: bool
    found: str
    lines: tuple[EventLine, ...]
    form: FilterForm
    downloads: tuple[Download, ...]
    countries: tuple[CountryView, ...]
    first_url: str | None
    next_url: str | None
    #: Where the same is listed by date, as far as it goes; the best ones are so many at most.
    in_order_url: str | None
    recorded: str | None


@router.get("/search")
async def search(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    filters: Filters,
    language: Language,
    country: Countries = None,
    code: Codes = None,
    order: Order | None = None,
    limit: Limit | None = None,
    cursor: CursorText = None,
) -> Response:
    """The search page: with nothing asked for, the latest events."""
    query = request.query_params.multi_items()
    selected = without(query, {"cursor", "min_position", "limit"})
    by = order or ("relevance" if filters["q"] else "desc")
    asked: dict[str, Any] = {"of": "events", **filters, "country": country, "code": code, "order": by}
    listing = await list_found(awaited, page_of(request, held, asked, cursor))
    rows, following = await listing.rows(limit or PAGE)
    names = names_in(language)
    lines = [event_line(event, names, _PAIRS) async for events in listing.views(rows) for event in events]
    more = bool(following) or len(rows) == (limit or PAGE)
    in_order = [*without(selected, {"order"}), ("order", "asc")]
    of_documents = with_query("", [*without(selected, {"order"}), ("order", by)])
    context = SearchContext(
        title="Search",
        language=language,
        section="search",
        json_url=f"/v1/events.json{of_documents}",
        feed_url=f"/v1/events.atom{of_documents}",
        words=" or ".join(filters["q"] or ()),
        asked=bool(selected),
        found=f"the first {len(rows):,} events" if more else number(len(rows), "event"),
        lines=tuple(lines),
        downloads=downloads_of(
            "/v1/events", in_order if by == "relevance" else [*without(selected, {"order"}), ("order", by)]
        ),
        form=_form(query, relevant=bool(filters["q"])),
        countries=countries_in(language),
        first_url=with_query("/search", selected) if cursor else None,
        next_url=with_query("/search", [*without(query, {"cursor"}), ("cursor", following)]) if following else None,
        in_order_url=with_query("/search", in_order) if by == "relevance" and more else None,
        recorded=instant(filters["as_of"]) if filters["as_of"] else None,
    )
    return show(request, listing.now, context)


def _form(query: Query, *, relevant: bool) -> FilterForm:
    build = FormBuilder("/search", query)
    chips = (
        build.countries(),
        build.dates("any date"),
        build.types(),
        build.valences(),
        build.who(),
        build.domains(),
        build.sources(),
        build.tags(),
        build.order(_ORDERS_OF_WORDS if relevant else _ORDERS),
        build.recorded(),
    )
    return build.build(chips, kept=("q",))
