"""Marks and bins as they are drawn."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal, NotRequired, TypedDict

from event_schemas.dates import parse_when
from event_schemas.taxonomy import TYPES, VALENCES
from timeline_service.adapters.postgres.rows import BinRow, ExtentRow, MarkRow
from timeline_service.queries.views.changes import ChangedView
from timeline_service.queries.views.countries import day_view
from timeline_service.queries.views.events import EventView
from timeline_service.queries.views.fields import Count, Day, Precision, Uuid, Valence

Side = Literal["both", "first", "second"]
SIDES: Final[tuple[Side, ...]] = ("both", "first", "second")
_NAMES: Final = (*VALENCES, None)


class MarkView(TypedDict):
    """An event as it is drawn. It begins by `begins_by` at the latest, and does not end before `ends_from`.

    These are null, as `earliest` and `latest` are, where that end is open or unknown.
    """

    id: Uuid
    title: str
    when: str
    earliest: Day | None
    latest: Day | None
    begins_by: Day | None
    ends_from: Day | None
    precision: Precision
    approximate: bool
    uncertain: bool
    side: Side
    valence: Valence | None
    sources: Count
    retracted: bool


class CountsView(TypedDict):
    """Counts by side, each of cooperative, neutral and conflictual events and of those without a valence."""

    both: list[Count]
    first: list[Count]
    second: list[Count]


class BinView(CountsView):
    """How many events begin in a stretch of time."""

    start: Day
    end: Day


class ExtentView(TypedDict):
    """How many events are selected in all, between which days, and whether one of them goes on."""

    count: Count
    first: Day | None
    last: Day | None
    open: bool


class MarksView(TypedDict):
    """What is drawn of the days from `start` to `end`: marks, or bins of one step where there are too many of them.

    `reaching` are those which begin before, or nobody knows when. The extent is told where no days were asked for.
    """

    start: Day | None
    end: Day | None
    count: Count
    extent: NotRequired[ExtentView]
    marks: NotRequired[list[MarkView]]
    bins: NotRequired[list[BinView]]
    reaching: NotRequired[CountsView]


class ChangedMarkView(TypedDict):
    """An event that appeared, changed or left, as it is or last was; and as it `was`, if its date has changed."""

    change: Literal["appeared", "left", "changed"]
    mark: MarkView
    was: MarkView | None


class ChangedMarksView(MarksView):
    """What is drawn at the later of two moments, and what has changed since the earlier one, unless `more` has."""

    changed: list[ChangedMarkView]
    more: bool


def extent_view(row: ExtentRow) -> ExtentView:
    """The extent of a selection."""
    return {"count": row.events, "first": day_view(row.first), "last": day_view(row.last), "open": row.open}


def mark_view(row: MarkRow) -> MarkView:
    """A mark."""
    side = SIDES[row.direction]
    return _mark(str(row.event_id), row.title, row.written, side, row.valence, row.sources, retracted=row.retracted)


def changed_mark_view(view: ChangedView, pair: str) -> ChangedMarkView:
    """An event that a reader of the pair was shown at one of two moments alone, or otherwise."""
    event, before = view.get("event"), view.get("before")
    shown = event or before
    assert shown is not None
    moved = event is not None and before is not None and event["when"] != before["when"]
    return {
        "change": view["change"],
        "mark": _mark_of(shown, pair),
        "was": _mark_of(before, pair) if moved and before is not None else None,
    }


def _mark_of(event: EventView, pair: str) -> MarkView:
    initiators = event["initiators"]
    side: Side = ("first" if pair[:3] in initiators else "second") if initiators else "both"
    valence, sources = event["valence"] or TYPES[event["type"]], len(event["sources"])
    retracted = event["status"] == "retracted"
    return _mark(event["id"], event["title"], event["when"], side, valence, sources, retracted=retracted)


def _mark(
    event_id: str, title: str, written: str, side: Side, valence: str | None, sources: int, *, retracted: bool
) -> MarkView:
    when = parse_when(written)
    start, slash, end = written.partition("/")
    begins_by = parse_when(start).latest if slash and when.earliest else when.earliest and when.latest
    ends_from = parse_when(end).earliest if slash and when.latest else when.latest and when.earliest
    return {
        "id": event_id,
        "title": title,
        "when": written,
        "earliest": day_view(when.earliest),
        "latest": day_view(when.latest),
        "begins_by": day_view(begins_by),
        "ends_from": day_view(ends_from),
        "precision": when.precision,
        "approximate": when.approximate,
        "uncertain": when.uncertain,
        "side": side,
        "valence": valence,
        "sources": sources,
        "retracted": retracted,
    }


def bin_views(rows: Iterable[BinRow], bins: Sequence[tuple[date, date]]) -> tuple[list[BinView], CountsView]:
    """The bins that hold something, in order; and what begins before all of them."""
    counts: dict[int, CountsView] = {}
    for row in rows:
        of_bin = counts.setdefault(row.bin, _none())
        of_bin[SIDES[row.direction]][_NAMES.index(row.valence)] += row.events
    reaching = counts.pop(0, _none())
    views: list[BinView] = []
    for number, of_bin in counts.items():
        first, last = bins[number - 1]
        views.append({"start": first.isoformat(), "end": last.isoformat(), **of_bin})
    return views, reaching


def _none() -> CountsView:
    return {"both": [0] * len(_NAMES), "first": [0] * len(_NAMES), "second": [0] * len(_NAMES)}
