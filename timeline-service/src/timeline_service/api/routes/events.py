"""`/v1/events/{id}`: an event as it stands, and its whole history."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from service_edge.parameters import EventId
from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.api.answers import answer, tag_of, whole_or_stream, with_items
from timeline_service.api.descriptions import EVENT, REVISIONS
from timeline_service.domain.portions import PORTION_BYTES
from timeline_service.domain.vectors import Moment
from timeline_service.domain.views import event_view, revision_views
from timeline_service.errors import UnknownEventError
from timeline_service.queries.moments import Reader, Then

router = APIRouter(tags=["events"])


@router.get("/v1/events/{event_id}", summary="An event", responses=EVENT)
async def event(request: Request, reader: Reader, moment: Then, event_id: EventId) -> Response:
    """The event's current revision; a retracted event too, so marked."""
    row = await reader.event(moment, event_id)
    if row is None:
        raise UnknownEventError(f"no event {event_id} is recorded")
    return answer(request, moment, event_view(row))


@router.get("/v1/events/{event_id}/revisions", summary="An event's history", responses=REVISIONS)
async def revisions(request: Request, reader: Reader, moment: Then, event_id: EventId) -> Response:
    """Every revision: what was done, when, by whom and why, where the log has it, and what changed field by field."""
    newest = await reader.history(moment, event_id)
    if newest is None:
        raise UnknownEventError(f"no event {event_id} is recorded")
    # A history only grows: its newest record says all of it.
    place = (moment.generation, newest["revision"], newest["partition"], newest["from_offset"])
    chunks = with_items({"id": event_id, "items": []}, _history(reader, moment, event_id))
    return await whole_or_stream(request, moment, chunks, newest["size"], tag=tag_of("revisions", event_id, place))


async def _history(reader: PostgresReader, moment: Moment, event_id: str) -> AsyncIterator[Sequence[dict[str, Any]]]:
    stands: dict[str, Any] | None = None
    async for rows in reader.revisions(moment, event_id, PORTION_BYTES):
        views, stands = revision_views(rows, stands)
        yield views
