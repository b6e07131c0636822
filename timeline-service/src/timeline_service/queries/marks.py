"""Marks: what a graphic draws of a pair, never more than it can."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from timeline_service.domain.bins import step_for
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import RefusedError
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.marks import MarksView, bin_views, extent_view, mark_view

MAX_MARKS: Final = 2000


@dataclass(frozen=True, slots=True)
class Shown:
    """The days that a graphic shows, or None for all that there is, and how wide it is in pixels."""

    days: tuple[date, date] | None
    width: int

    @classmethod
    def read(cls, asked: Mapping[str, str | None], width: int) -> "Shown":
        """As a request has it: `start` and `end`, or neither; raises RefusedError."""
        days = [_day(name, text) for name in ("start", "end") if (text := asked.get(name)) is not None]
        if not days:
            return cls(None, width)
        if len(days) == 1:
            missing = "start" if asked.get("start") is None else "end"
            raise RefusedError(f"/{missing}", "is missing: give the first and the last day that are shown, or neither")
        if days[0] > days[1]:
            raise RefusedError("/end", f"{asked['end']} lies before {asked['start']}: give the later day as end")
        return cls((days[0], days[1]), width)


async def read_marks(sources: Sources, at: ReadPoint, selection: Selection, shown: Shown) -> MarksView:
    """The events that reach into the days that are shown; where they are too many, how many of which kind begin when.

    All of it is read at one point, so that counts and marks agree.
    """
    view: MarksView = {"start": None, "end": None, "count": 0}
    days = shown.days
    if days is None:
        extent = await sources.marks.extent(at, selection)
        view["extent"] = extent_view(extent)
        if extent.first is None or extent.last is None:
            return {**view, "marks": []}
        days = extent.first, extent.last
    view["start"], view["end"] = days[0].isoformat(), days[1].isoformat()
    bins = step_for(*days, shown.width).between(*days)
    starts = [days[0], *(first for first, _ in bins[1:])]
    counted = await sources.marks.bins(at, selection, days, starts)
    view["count"] = sum(row.events for row in counted)
    if view["count"] <= MAX_MARKS:
        return {**view, "marks": [mark_view(row) for row in await sources.marks.marks(at, selection, days, MAX_MARKS)]}
    views, reaching = bin_views(counted, bins)
    return {**view, "bins": views, "reaching": reaching}


def _day(name: str, text: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(f"/{name}", f"{text[:80]!r} is not a day: write one such as 2020-06-29") from error
