"""`/v1/replays`: verifications and rebuilds are asked for, followed and cancelled; the replayer carries them out."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from event_schemas.texts import Uuid
from service_edge.access.callers import caller_of
from timeline_service.api.bodies import read_value
from timeline_service.api.examples import REPLAY_ID
from timeline_service.api.filters import CursorText, Limit
from timeline_service.api.holdings import Held
from timeline_service.api.operations import CANCEL_REPLAY, FILE_REPLAY, PROGRESS, REPLAY, REPLAYS
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import ReadPointIfAny
from timeline_service.api.responses import answer, event_stream, filed
from timeline_service.api.roles import REPLAY_NEEDS
from timeline_service.domain.vectors import ReadPoint, timeline_position
from timeline_service.queries import replays
from timeline_service.queries.replay_requests import read_request

router = APIRouter(tags=["replays"])
ReplayId = Annotated[Uuid, Path(description="The replay's id.", examples=[REPLAY_ID])]


@router.post("/v1/replays", status_code=202, summary="Have the log replayed", **FILE_REPLAY)
async def start_replay(request: Request, held: Held) -> Response:
    """`verify` compares every row that is shown with what the log says; `rebuild` makes a new generation of them.

    `until` ends it before given offsets, or with what was recorded by an instant: such a rebuild makes a generation to
    look at, which is read with `generation=` and stays as it is. There is one rebuild at a time.
    """
    kind, until = await read_request(await read_value(request), held.sources.offsets)
    caller_of(request).require(REPLAY_NEEDS[kind])
    return filed(request, await replays.file_replay(held.sources, kind, until=until))


@router.get("/v1/replays", summary="The replays there were and are", responses=REPLAYS)
async def list_replays(
    request: Request, held: Held, point: ReadPointIfAny, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """The newest first, with progress and with what came of them, but without lists of single rows and records."""
    page = page_of(request, held, {"of": "replays"}, cursor)
    items, following = await replays.list_replays(held.sources, page, limit)
    return answer(request, point, {"items": items, "next": following}, headers=next_link(request, following))


@router.get("/v1/replays/{replay_id}", summary="A replay", responses=REPLAY)
async def replay(request: Request, held: Held, point: ReadPointIfAny, replay_id: ReplayId) -> Response:
    """How far it is, and at last what came of it: `succeeded` says that it ran to its end, `equal` what it found."""
    return answer(request, point, await replays.find_replay(held.sources, replay_id))


@router.get(
    "/v1/replays/{replay_id}/progress",
    summary="How far a replay is, as it goes on",
    response_class=Response,
    responses=PROGRESS,
)
async def replay_progress(request: Request, held: Held, point: ReadPointIfAny, replay_id: ReplayId) -> Response:
    """`progress` with the replay as it is, at once and whenever that changes; when it is over `done`, and the end."""
    await replays.find_replay(held.sources, replay_id)
    position = timeline_position(point.vector)
    headers = {"timeline-position": position} if position else {}
    return event_stream(request, held.streams, held.progress.listen(replay_id, held.heartbeat_seconds), headers)


@router.delete("/v1/replays/{replay_id}", status_code=202, summary="Cancel a replay", responses=CANCEL_REPLAY)
async def cancel_replay(request: Request, held: Held, replay_id: ReplayId) -> Response:
    """One that waits is over at once; one that runs ends soon, and leaves everything as it was."""
    view = await replays.cancel_replay(held.sources, replay_id)
    return answer(request, ReadPoint(0, ()), view, status=202)
