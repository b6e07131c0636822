"""Events by their ids: as they stand, and their whole history."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from timeline_service.adapters.postgres.rows import NewestRow
from timeline_service.domain.portions import PORTION_BYTES
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import UnknownEventError
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.events import EventView, RevisionView, event_view, revision_views


async def find_event(sources: Sources, point: ReadPoint, event_id: str) -> EventView:
    """An event's revision at the read point; raises UnknownEventError."""
    row = await sources.reader.event(point, event_id)
    if row is None:
        raise UnknownEventError(f"no event {event_id} is recorded")
    return event_view(row)


async def find_history(sources: Sources, point: ReadPoint, event_id: str) -> NewestRow:
    """What an event's history is like: its newest revision, and its size; raises UnknownEventError."""
    newest = await sources.reader.history(point, event_id)
    if newest is None:
        raise UnknownEventError(f"no event {event_id} is recorded")
    return newest


async def read_history(sources: Sources, point: ReadPoint, event_id: str) -> AsyncIterator[Sequence[RevisionView]]:
    """An event's revisions at the read point, in order, some at a time."""
    stands: dict[str, Any] | None = None
    async for rows in sources.reader.revisions(point, event_id, PORTION_BYTES):
        views, stands = revision_views(rows, stands)
        yield views
