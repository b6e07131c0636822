"""`/audit`, for people: is what is shown what was recorded? And `/audit/{id}`, all that came of one replay."""

from typing import Annotated, Final

from fastapi import APIRouter, Path

from event_schemas.texts import Uuid
from service_edge.html_pages import HtmlPage
from timeline_service.api.holdings import Held
from timeline_service.errors import UnavailableError
from timeline_service.queries.generations import list_generations
from timeline_service.queries.replays import find_replay, last_verification, newest_replays
from timeline_service.queries.status import read_status
from timeline_service.web.audit_page import audit_page, replay_page, unavailable_page

router = APIRouter(include_in_schema=False, default_response_class=HtmlPage)
_SHOWN: Final = 50


@router.get("/audit")
async def audit(held: Held) -> HtmlPage:
    """All of it, also where there is no projection to read: then a rebuild can be asked for here."""
    sources = held.sources
    try:
        verification = await last_verification(sources)
        newest = await newest_replays(sources, _SHOWN)
        made = await list_generations(sources)
        replayers = await sources.replays.replayers()
    except UnavailableError as error:
        return unavailable_page(str(error))
    try:
        status = await read_status(sources, await sources.reader.read_point())
    except UnavailableError:
        status = None
    return audit_page(status, replayers, verification, newest, made)


@router.get("/audit/{replay_id}")
async def report(held: Held, replay_id: Annotated[Uuid, Path()]) -> HtmlPage:
    """One replay, with every difference that it lists."""
    try:
        return replay_page(await find_replay(held.sources, replay_id))
    except UnavailableError as error:
        return unavailable_page(str(error))
