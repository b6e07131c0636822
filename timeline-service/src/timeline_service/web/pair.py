"""`/timelines/{pair}`: the relation of two countries, year by year, as it is recorded or was at an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from event_schemas.countries import pair_name
from timeline_service.api.filters import CursorText, Filters, Limit
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language
from timeline_service.api.paging import page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.domain.country_names import names_in
from timeline_service.domain.selections import Selection
from timeline_service.errors import UnknownCountryError, UnknownPairError
from timeline_service.queries.glances import glance_at
from timeline_service.queries.listings import PAGE, list_timeline
from timeline_service.queries.pairs import country_of, pair_of
from timeline_service.queries.views.summaries import SummaryView
from timeline_service.web.addresses import PageRoute, Query, segment, with_query, without
from timeline_service.web.downloads import Download, downloads_of
from timeline_service.web.embed import snippet
from timeline_service.web.filter_forms import FilterForm, FormBuilder
from timeline_service.web.lines import YearGroup, by_year, event_line
from timeline_service.web.problem_page import Suggestion, problem_page
from timeline_service.web.rendering import PageContext, show, show_at_once
from timeline_service.web.standings import Verification, verification_of
from timeline_service.web.static_files import has_static
from timeline_service.web.words import instant, number, signed

router = APIRouter(include_in_schema=False, route_class=PageRoute)
Order = Literal["asc", "desc", "newest"]
_ORDERS: Final = {"asc": "earliest first", "desc": "latest first", "newest": "last recorded first"}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many events are of a valence, and where these alone are listed."""

    kind: str
    words: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairContext(PageContext):
    """What the page of a pair shows."""

    template: ClassVar[str] = "pair.html"
    pair: str
    names: tuple[str, str]
    count: str
    span: str
    tallies: tuple[Tally, ...]
    #: The instant as of which it is shown, if not now.
    recorded: str | None
    verification: Verification
    form: FilterForm
    groups: tuple[YearGroup, ...]
    filtered: bool
    first_url: str | None
    next_url: str | None
    downloads: tuple[Download, ...]
    changes_url: str
    post_url: str
    embed: str
    #: The filters, for whoever asks for the marks of the graphic.
    seam_query: str
    seam_script: bool


@router.get("/timelines/{pair}")
async def timeline(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    filters: Filters,
    language: Language,
    pair: Annotated[str, Path()],
    order: Order = "asc",
    limit: Limit | None = None,
    cursor: CursorText = None,
) -> Response:
    """The page of a pair; a pair in another order, or by names, leads there."""
    query = request.query_params.multi_items()
    try:
        name = _pair_named(pair)
    except (UnknownPairError, UnknownCountryError) as error:
        return _unknown(pair, str(error), query, language)
    if name != pair:
        return RedirectResponse(with_query(f"/timelines/{name}", query), 308)
    asked: dict[str, Any] = {"of": name, **filters, "order": order if order != "asc" else None}
    listing = await list_timeline(awaited, page_of(request, held, asked, cursor), name)
    rows, following = await listing.rows(limit or PAGE)
    names = names_in(language)
    lines = [event_line(event, names) async for events in listing.views(rows) for event in events]
    chosen = await glance_at(held.sources, listing.at, listing.selection)
    whole = await glance_at(held.sources, listing.at, Selection(pair=name))
    first, second = (names[code] for code in name.split("-"))
    filters_alone = without(query, {"cursor", "min_position", "limit"})
    selected = without(filters_alone, {"order"})
    context = PairContext(
        title=f"{first} – {second}",
        language=language,
        json_url=with_query(f"/v1/timelines/{name}.json", filters_alone),
        feed_url=with_query(f"/v1/timelines/{name}.atom", filters_alone),
        pair=name,
        names=(first, second),
        count=_count(chosen, whole),
        span=_span(chosen),
        tallies=_tallies(chosen, f"/timelines/{name}", selected),
        recorded=instant(filters["as_of"]) if filters["as_of"] else None,
        verification=await verification_of(held.sources),
        form=_form(name, query, whole, dict(zip(name.split("-"), (first, second), strict=True))),
        groups=tuple(by_year(lines)),
        filtered=any(key not in {"as_of", "generation"} for key, _ in selected),
        first_url=with_query(f"/timelines/{name}", filters_alone) if cursor else None,
        next_url=with_query(f"/timelines/{name}", [*without(query, {"cursor"}), ("cursor", following)])
        if following
        else None,
        downloads=downloads_of(f"/v1/timelines/{name}", filters_alone),
        changes_url=with_query(f"/timelines/{name}/changes", [("since", each) for each in (filters["as_of"],) if each]),
        post_url=with_query("/post", [("country", code) for code in name.split("-")]),
        embed=snippet(request, with_query(f"/embed/{name}", without(selected, {"as_of"}))),
        seam_query=with_query("", selected).removeprefix("?"),
        seam_script=has_static("seam.js"),
    )
    return show(request, listing.now, context)


def _pair_named(text: str) -> str:
    """A pair by codes or names with a dash between them; raises UnknownPairError and UnknownCountryError."""
    try:
        return pair_of(text)
    except UnknownPairError:
        first, dash, second = text.partition("-")
        codes = [country_of(part) for part in (first, second)] if dash and first.strip() and second.strip() else []
        if len(set(codes)) == 2:
            return pair_name(*codes)
        raise


def _unknown(pair: str, words: str, query: Query, language: str) -> Response:
    """That there is no such pair, with the pairs that may have been meant."""
    suggestions = []
    parts = pair.split("-")
    for place, part in enumerate(parts):
        try:
            country_of(part)
        except UnknownCountryError as error:
            for candidate in error.candidates:
                code, _, name = candidate.partition(" ")
                other = parts[1 - place] if len(parts) == 2 else ""
                meant = f"/timelines/{code}-{segment(other)}" if other else with_query("/timelines", [("a", code)])
                suggestions.append(Suggestion(f"{name} and {other}" if other else name, with_query(meant, query)))
    if suggestions:
        words = f"{words.partition(': did you mean')[0]}."
    context = problem_page(404, "There is no such pair", words, language, suggestions=tuple(suggestions))
    return show_at_once(context, 404)


def _count(chosen: SummaryView, whole: SummaryView) -> str:
    few, all_of_them = (sum(item["count"] for item in view["types"]) for view in (chosen, whole))
    return number(few, "event") if few >= all_of_them else f"{few:,} of {number(all_of_them, 'event')}"


def _span(summary: SummaryView) -> str:
    first, last = ((day or "")[:4].lstrip("0") for day in (summary["first"], summary["last"]))
    if first and last and first != last:
        return f"between {first} and {last}"
    return f"in {first or last}" if first or last else ""


def _tallies(summary: SummaryView, path: str, query: Query) -> tuple[Tally, ...]:
    made = []
    years = summary["years"]
    counts = {
        "cooperative": sum(year["cooperative"] for year in years),
        "conflictual": sum(year["conflictual"] for year in years),
        "neutral": sum(year["neutral"] for year in years),
    }
    for kind, count in counts.items():
        if count:
            url = with_query(path, [*without(query, {"valence"}), ("valence", kind)])
            made.append(Tally(kind, f"{signed(kind)}{count:,} {kind}", url))
    return tuple(made)


def _form(name: str, query: Query, whole: SummaryView, countries: Mapping[str, str]) -> FilterForm:
    build = FormBuilder(f"/timelines/{name}", query, whole)
    span = _span(whole).removeprefix("between ").removeprefix("in ").replace(" and ", " – ")
    chips = (
        build.dates(span or "any date"),
        build.types(),
        build.valences(),
        build.who(countries),
        build.domains(),
        build.sources(),
        build.words(),
        build.tags(),
        build.order(_ORDERS),
        build.recorded(),
    )
    return build.build(chips)
