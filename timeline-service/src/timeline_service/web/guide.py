"""`/guide`: how a timeline is read, searched, followed, embedded and checked, with examples of what is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from fastapi import APIRouter, Request, Response

from timeline_service.adapters.postgres.rows import PairRow
from timeline_service.adapters.postgres.selections import NameSelection, PairSelection
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language
from timeline_service.api.read_points import AwaitedLive
from timeline_service.domain.country_names import names_in
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.glances import latest_recorded
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.events import EventView
from timeline_service.web.addresses import PageRoute, with_query
from timeline_service.web.downloads import Download, downloads_of
from timeline_service.web.embed import snippet
from timeline_service.web.lines import event_url
from timeline_service.web.rendering import PageContext, show
from timeline_service.web.standings import Verification, verification_of
from timeline_service.web.words import instant, long_date

router = APIRouter(include_in_schema=False, route_class=PageRoute)
#: Dates of every kind, with what makes each worth showing.
_DATES: Final = (
    ("2020-06-29", "a day"),
    ("2025-06", "a month"),
    ("2020", "a year"),
    ("2021-21", "a season: -21 to -24 are spring, summer, autumn and winter of the north"),
    ("2021-33", "a quarter: -33 to -36"),
    ("201X", "a decade: digits that are not known are X"),
    ("1962-10-20/1962-11-21", "from one day to another"),
    ("2020/..", "goes on"),
    ("../2020", "nobody says since when, but it ended"),
    ("1947~", "about: ~ says approximate, ? uncertain, % both"),
)
_LOOKED_AT: Final = 50
#: Of an empty log the examples are of a pair that anybody may post.
_PAIR: Final = "CHN-IND"


@dataclass(frozen=True, slots=True)
class DateExample:
    """A date as it is written, in words, and the events that it may touch."""

    written: str
    words: str
    what: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideContext(PageContext):
    """What the guide shows; where nothing is recorded yet its examples lead to empty pages, and it says so."""

    template: ClassVar[str] = "guide.html"
    empty: bool
    pair_names: tuple[str, str]
    pair_url: str
    dates: tuple[DateExample, ...]
    word: str
    word_url: str
    tag: str
    tag_url: str
    filtered_url: str
    search_filtered_url: str
    #: A moment of the past, and what the pair was then; and what has changed since.
    moment: str
    moment_url: str
    changes_url: str
    #: An event that was corrected, or any.
    event_title: str
    event_url: str
    revised: bool
    embed: str
    embed_url: str
    origin: str
    downloads: tuple[Download, ...]
    pair_feed_url: str
    live_url: str
    verification: Verification


@router.get("/guide")
async def guide(request: Request, held: Held, awaited: AwaitedLive, language: Language) -> Response:
    """The guide."""
    sources = held.sources
    point = await awaited.read_point()
    pair, tag = await _most_active(sources, point), await _most_frequent_tag(sources)
    latest = await latest_recorded(sources, point, _LOOKED_AT)
    revised = next((event for action, event in latest if action == "corrected"), None)
    event = revised or (latest[0][1] if latest else None)
    oldest = latest[-1][1]["revised_at"] if latest else None
    first, second = (names_in(language)[code] for code in pair.split("-"))
    page, word = f"/timelines/{pair}", _word_of(latest[0][1]) if latest else "agreement"
    as_of = [("as_of", oldest)] if oldest else []
    context = GuideContext(
        title="How to read it",
        language=language,
        section="guide",
        empty=not latest,
        pair_names=(first, second),
        pair_url=page,
        dates=tuple(_date(page, written, what) for written, what in _DATES),
        word=word,
        word_url=with_query("/search", [("q", word)]),
        tag=tag or "chips",
        tag_url=with_query("/search", [("tag", tag or "chips")]),
        filtered_url=with_query(page, [("valence", "conflictual"), ("min_sources", "1"), ("from", "2000")]),
        search_filtered_url=with_query("/search", [("q", word), ("country", pair[:3]), ("order", "newest")]),
        moment=instant(oldest) if oldest else "",
        moment_url=with_query(page, as_of),
        changes_url=with_query(f"{page}/changes", [("since", value) for _, value in as_of]),
        event_title=event["title"] if event else "",
        event_url=event_url(event["id"]) if event else "/search",
        revised=revised is not None,
        embed=snippet(request, f"/embed/{pair}"),
        embed_url=f"/embed/{pair}",
        origin=str(request.base_url).rstrip("/"),
        downloads=downloads_of(f"/v1/timelines/{pair}", []),
        pair_feed_url=f"/v1/timelines/{pair}.atom",
        live_url=f"/v1/timelines/{pair}/live",
        verification=await verification_of(sources),
    )
    return show(request, point, context)


async def _most_active(sources: Sources, point: ReadPoint) -> str:
    rows: Sequence[PairRow]
    _, rows = await sources.selections.pairs_now(point, PairSelection(by_count=True), 1)
    return rows[0].pair if rows else _PAIR


async def _most_frequent_tag(sources: Sources) -> str | None:
    point = await sources.reader.read_point(searching=True)
    _, rows = await sources.selections.names_now(point, NameSelection("tag:", "tag;"), 1)
    return rows[0].spelling if rows else None


def _date(page: str, written: str, what: str) -> DateExample:
    return DateExample(written, long_date(written), what, with_query(page, [("from", written), ("to", written)]))


def _word_of(event: EventView) -> str:
    """The longest word of a title, to be looked for."""
    words = "".join(sign if sign.isalnum() else " " for sign in event["title"]).split()
    return max(words, key=len, default=event["type"])[:60]
