"""`/embed/{pair}`: the timeline alone, for a frame on any site, with a link back."""

from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar, Final

from fastapi import APIRouter, Request, Response

from timeline_service.api.filters import Filters, PairPath
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language
from timeline_service.api.listings import read_pair
from timeline_service.api.paging import page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.domain.country_names import names_in
from timeline_service.queries.listings import list_timeline
from timeline_service.web.addresses import PageRoute, with_query
from timeline_service.web.lines import YearGroup, by_year, event_line
from timeline_service.web.rendering import FRAMED, PageContext, show
from timeline_service.web.static_files import has_static

router = APIRouter(include_in_schema=False, route_class=PageRoute)
#: So many of the latest are listed; the graphic shows all of them.
_EVENTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedContext(PageContext):
    """What a frame shows of a pair."""

    template: ClassVar[str] = "embed.html"
    pair: str
    names: tuple[str, str]
    pair_url: str
    groups: tuple[YearGroup, ...]
    seam_query: str
    seam_script: bool


def snippet(request: Request, path: str) -> str:
    """What to write into a page of one's own, to have a timeline there."""
    src = f"{str(request.base_url).rstrip('/')}{path}"
    return f'<iframe src="{escape(src)}" title="Timeline" width="100%" height="640" loading="lazy"></iframe>'


@router.get("/embed/{pair}")
async def embed(
    request: Request, held: Held, awaited: AwaitedRead, filters: Filters, language: Language, pair: PairPath
) -> Response:
    """The pair's graphic and its latest events; filters are those of the timeline."""
    name = read_pair(pair)
    query = request.query_params.multi_items()
    asked: dict[str, Any] = {"of": name, **filters, "order": "desc"}
    listing = await list_timeline(awaited, page_of(request, held, asked), name)
    rows, _ = await listing.rows(_EVENTS)
    names = names_in(language)
    first, second = (names[code] for code in name.split("-"))
    context = EmbedContext(
        title=f"{first} – {second}",
        language=language,
        pair=name,
        names=(first, second),
        pair_url=with_query(f"/timelines/{name}", query),
        groups=tuple(by_year([event_line(event, names) async for events in listing.views(rows) for event in events])),
        seam_query=with_query("", query).removeprefix("?"),
        seam_script=has_static("seam.js"),
    )
    return show(request, listing.now, context, FRAMED)
