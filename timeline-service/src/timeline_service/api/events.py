"""`/v1/events/{id}`: an event as it stands, and its whole history."""

from fastapi import APIRouter, Request, Response

from service_edge.parameters import EventId
from timeline_service.api.answers import answer
from timeline_service.api.descriptions import EVENT, REVISIONS
from timeline_service.api.reading import Reader, Then
from timeline_service.domain.views import event_view, revision_views
from timeline_service.errors import UnknownError

router = APIRouter(tags=["events"])


@router.get("/v1/events/{event_id}", summary="An event", responses=EVENT)
async def event(request: Request, reader: Reader, moment: Then, event_id: EventId) -> Response:
    """The event's current revision; a retracted event too, so marked."""
    row = await reader.event(moment, event_id)
    if row is None:
        raise UnknownError("unknown-event", f"no event {event_id} is recorded")
    return answer(request, moment, event_view(row))


@router.get("/v1/events/{event_id}/revisions", summary="An event's history", responses=REVISIONS)
async def revisions(request: Request, reader: Reader, moment: Then, event_id: EventId) -> Response:
    """Every revision: what was done, when, by whom and why, where the log has it, and what changed field by field."""
    rows = await reader.revisions(moment, event_id)
    if not rows:
        raise UnknownError("unknown-event", f"no event {event_id} is recorded")
    return answer(request, moment, {"id": event_id, "items": revision_views(rows)})
