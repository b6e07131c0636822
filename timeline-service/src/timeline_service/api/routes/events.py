"""`/v1/events/{id}`: an event as it stands, and its whole history."""

from fastapi import APIRouter, Request, Response

from service_edge.parameters import EventId
from service_edge.prepared_routes import PreparedRoute
from timeline_service.api.holdings import Held
from timeline_service.api.operations import EVENT, REVISIONS
from timeline_service.api.read_points import AsOfReadPoint
from timeline_service.api.responses import answer, tag_of, whole_or_stream, with_items
from timeline_service.queries.events import find_event, find_history, read_history

router = APIRouter(tags=["events"], route_class=PreparedRoute)


@router.get("/v1/events/{event_id}", summary="An event", responses=EVENT)
async def event(request: Request, held: Held, point: AsOfReadPoint, event_id: EventId) -> Response:
    """The event's current revision; a retracted event too, so marked."""
    return answer(request, point, await find_event(held.sources, point, event_id))


@router.get("/v1/events/{event_id}/revisions", summary="An event's history", responses=REVISIONS)
async def revisions(request: Request, held: Held, point: AsOfReadPoint, event_id: EventId) -> Response:
    """Every revision: what was done, when, by whom and why, where the log has it, and what changed field by field."""
    newest = await find_history(held.sources, point, event_id)
    # A history only grows: its newest record says all of it.
    place = (point.generation, newest.revision, newest.partition, newest.from_offset)
    chunks = with_items({"id": event_id, "items": []}, read_history(held.sources, point, event_id))
    return await whole_or_stream(request, point, chunks, newest.size, tag=tag_of("revisions", event_id, place))
