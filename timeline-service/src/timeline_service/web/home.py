"""`/`: the way to a pair, the most active ones, what was recorded last, and how far all of it can be trusted."""

from dataclasses import dataclass
from typing import ClassVar, Final

from fastapi import APIRouter, Request, Response

from timeline_service.api.holdings import Held, Holdings
from timeline_service.api.languages import Language
from timeline_service.api.paging import page_of
from timeline_service.api.read_points import AwaitedLive
from timeline_service.domain.country_names import names_in
from timeline_service.domain.selections import Selection
from timeline_service.queries.glances import glance_at, latest_recorded
from timeline_service.queries.pairs import list_pairs
from timeline_service.queries.read_points import Awaited
from timeline_service.queries.status import read_status
from timeline_service.queries.views.status import ProjectionView
from timeline_service.web.addresses import PageRoute
from timeline_service.web.finder import PairFinder, pair_finder
from timeline_service.web.lines import EventLine, event_line, pair_link
from timeline_service.web.rendering import PageContext, show
from timeline_service.web.sparklines import Sparkline, sparkline
from timeline_service.web.standings import Verification, verification_of
from timeline_service.web.words import ago, instant, number

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_PAIRS: Final = 12
_LATEST: Final = 8


@dataclass(frozen=True, slots=True)
class ActivePair:
    """A pair that has many events, and its years as a picture."""

    names: tuple[str, ...]
    url: str
    count: str
    span: str
    picture: Sparkline


@dataclass(frozen=True, slots=True)
class Latest:
    """An event that was recorded or revised lately, and what was done."""

    line: EventLine
    action: str
    at: str
    ago: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and what it counts."""

    value: str
    words: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeContext(PageContext):
    """What the home page shows; a log without records has no pairs, and is shown how to get some."""

    template: ClassVar[str] = "home.html"
    finder: PairFinder
    pairs: tuple[ActivePair, ...]
    latest: tuple[Latest, ...]
    figures: tuple[Figure, ...]
    projection: str
    verification: Verification
    empty: bool


@router.get("/")
async def home(request: Request, held: Held, awaited: AwaitedLive, language: Language) -> Response:
    """The home page."""
    sources = held.sources
    point = await awaited.read_point()
    status = await read_status(sources, point)
    names = names_in(language)
    latest = []
    verification = await verification_of(sources)
    for action, event in await latest_recorded(sources, point, _LATEST):
        line = event_line(event, names, pairs=1)
        latest.append(Latest(line, action, instant(event["revised_at"]), ago(event["revised_at"], verification.now)))
    context = HomeContext(
        title="Dyadline: what happened between any two countries",
        language=language,
        json_url="/v1/timelines?order=count",
        feed_url="/v1/events.atom?order=desc",
        finder=pair_finder(language),
        pairs=await _active(request, held, awaited, language),
        latest=tuple(latest),
        figures=_figures(status),
        projection=_projection(status),
        verification=verification,
        empty=not status["records"]["total"],
    )
    return show(request, point, context)


async def _active(request: Request, held: Holdings, awaited: Awaited, language: str) -> tuple[ActivePair, ...]:
    page = page_of(request, held, {"of": "pairs", "order": "count"})
    at, items, _ = await list_pairs(awaited, page, language, _PAIRS)
    shown = [(item, await glance_at(held.sources, at, Selection(pair=item["pair"]))) for item in items]
    years = [year["year"] for _, summary in shown for year in summary["years"] if year["year"] is not None]
    names = names_in(language)
    made = []
    for item, summary in shown:
        link = pair_link(item["pair"], names)
        picture = sparkline(summary["years"], min(years, default=0), max(years, default=0))
        first, last = item["first"], item["last"]
        span = "\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}".join(dict.fromkeys(day[:4] for day in (first, last) if day))
        made.append(ActivePair(link.names, link.url, number(item["count"], "event"), span, picture))
    return tuple(made)


def _figures(status: ProjectionView) -> tuple[Figure, ...]:
    records = status["records"]
    figures = [Figure(f"{records['total']:,}", "records in the log", "/audit")]
    for outcome in ("applied", "duplicate", "rejected", "parked"):
        if (count := records[outcome]) or outcome == "applied":
            url = "/audit" if outcome == "applied" else f"/audit/records?outcome={outcome}"
            figures.append(Figure(f"{count:,}", outcome, url))
    return tuple(figures)


def _projection(status: ProjectionView) -> str:
    match status["lag"]:
        case None:
            return "how far the log has gone on cannot be told now"
        case 0:
            return "all of the log is shown here"
        case lag:
            return f"{number(lag, 'record')} behind the log"
