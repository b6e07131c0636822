"""`/audit`, for people: is what is shown what was recorded? And `/audit/{id}`, all that came of one replay."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request

from event_schemas.texts import Uuid
from service_edge.pages import Page
from timeline_service.api.routes.generations import generation_view
from timeline_service.api.routes.replays import NEWEST, known_replay
from timeline_service.api.routes.status import read_status
from timeline_service.domain.replays import replay_view
from timeline_service.errors import UnavailableError
from timeline_service.queries.moments import Generations, Offsets, Reader, Replays
from timeline_service.web.audit_page import audit_page, replay_page, unavailable_page

router = APIRouter(include_in_schema=False, default_response_class=Page)
_SHOWN: Final = 50


@router.get("/audit")
async def audit(request: Request, reader: Reader, offsets: Offsets, replays: Replays, generations: Generations) -> Page:
    """All of it, also where there is no projection to read: then a rebuild can be asked for here."""
    try:
        verification = await replays.last_verification()
        newest = [replay_view(row) for row in await replays.replays(NEWEST, _SHOWN)]
        made = [generation_view(row) for row in await generations.ready()]
        replayers = await replays.replayers()
    except UnavailableError as error:
        return unavailable_page(str(error))
    try:
        status = await read_status(request.app.state.topic, reader, offsets, await reader.moment())
    except UnavailableError:
        status = None
    return audit_page(status, replayers, replay_view(verification) if verification else None, newest, made)


@router.get("/audit/{replay_id}")
async def report(replays: Replays, replay_id: Annotated[Uuid, Path()]) -> Page:
    """One replay, with every difference that it lists."""
    try:
        return replay_page(replay_view(await known_replay(replays, replay_id)))
    except UnavailableError as error:
        return unavailable_page(str(error))
