"""`/v1/events/{id}`: an event as it stands."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from timeline_service.api.reading import At, Reader, answer
from timeline_service.domain.views import event_view
from timeline_service.errors import UnknownError

router = APIRouter(tags=["events"])
EventId = Annotated[UUID, Path(description="The event's id.")]


@router.get("/v1/events/{event_id}", summary="An event")
async def event(request: Request, reader: Reader, moment: At, event_id: EventId) -> Response:
    """The event's current revision; a retracted event too, so marked."""
    row = await reader.event(moment, str(event_id))
    if row is None:
        raise UnknownError("unknown-event", f"no event {event_id} is recorded")
    return answer(request, moment, event_view(row))
