"""What pages say of the whole at a glance: a pair's summary, and the events that were recorded last."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.sources import Sources
from timeline_service.queries.summaries import summarise
from timeline_service.queries.views.events import EventView, event_view
from timeline_service.queries.views.fields import Action
from timeline_service.queries.views.summaries import SummaryView

#: Of an event that was revised again and again only the last time is told, so some more are looked at.
_LOOKED_AT: Final = 4


async def glance_at(sources: Sources, at: ReadPoint, selection: Selection) -> SummaryView:
    """The summary of a pair's selected events."""
    assert selection.pair is not None
    if not selection.searches:  # documents follow later than the vector tells
        at = replace(at, vector=await sources.reader.narrow(at, selection.pair))
    return await summarise(sources, at, selection)


async def latest_recorded(sources: Sources, point: ReadPoint, limit: int) -> Sequence[tuple[Action, EventView]]:
    """The events that were recorded or revised last, the newest first, each with what was done."""
    rows = await sources.reader.latest(point, limit * _LOOKED_AT)
    newest = {row.event_id: row for row in reversed(rows)}
    held = sorted(newest.values(), key=rows.index)[:limit]
    return [(row.action, event_view(row)) for row in held]
