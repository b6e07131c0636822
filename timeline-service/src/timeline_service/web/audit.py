"""`/audit`, for people: is what is shown what was recorded? And `/audit/{id}`, all that came of one replay."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from event_schemas.texts import Uuid
from timeline_service.api.holdings import Held
from timeline_service.errors import UnavailableError
from timeline_service.queries.generations import list_generations
from timeline_service.queries.replays import find_replay, last_verification, newest_replays
from timeline_service.queries.status import read_status
from timeline_service.web.addresses import PageRoute
from timeline_service.web.audit_page import audit_page, replay_page
from timeline_service.web.rendering import show_at_once

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_SHOWN: Final = 50


@router.get("/audit")
async def audit(held: Held) -> Response:
    """All of it, also where there is no projection to read: then a rebuild can be asked for here."""
    sources = held.sources
    verification = await last_verification(sources)
    newest = await newest_replays(sources, _SHOWN)
    made = await list_generations(sources)
    replayers = await sources.replays.replayers()
    try:
        status = await read_status(sources, await sources.reader.read_point())
    except UnavailableError:
        status = None
    return show_at_once(audit_page(status, replayers, verification, newest, made), 200)


@router.get("/audit/{replay_id}")
async def report(held: Held, replay_id: Annotated[Uuid, Path()]) -> Response:
    """One replay, with every difference that it lists."""
    return show_at_once(replay_page(await find_replay(held.sources, replay_id)), 200)
