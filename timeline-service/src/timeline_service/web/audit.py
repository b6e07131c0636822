"""`/audit`, for people: is what is shown what was recorded? And `/audit/{id}`, all that came of one replay.

What a page's buttons ask of the API where scripts run, its forms ask here where they do not.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from event_schemas.texts import Uuid
from service_edge.access.callers import caller_of
from timeline_service.api.holdings import Held
from timeline_service.api.roles import REPLAY_NEEDS
from timeline_service.domain.replays import Kind
from timeline_service.errors import RefusedError, UnavailableError
from timeline_service.queries.generations import list_generations
from timeline_service.queries.replays import (
    cancel_replay,
    file_replay,
    find_replay,
    last_verification,
    newest_replays,
)
from timeline_service.queries.sources import Sources
from timeline_service.queries.status import read_status
from timeline_service.queries.views.replays import ReplayView
from timeline_service.web.addresses import PageRoute
from timeline_service.web.audit_page import audit_page, replay_page
from timeline_service.web.difference_groups import event_ids
from timeline_service.web.form_bodies import read_form
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
    titles = await _titles(sources, verification)
    return show_at_once(audit_page(status, replayers, verification, newest, made, titles), 200)


@router.post("/audit/replays")
async def start(request: Request, held: Held) -> Response:
    """Have the log replayed; leads to the page of that."""
    kind = dict(await read_form(request, {"kind"})).get("kind", "")
    if kind not in {"verify", "rebuild"}:
        raise RefusedError("/kind", "expected verify or rebuild")
    caller_of(request).require(REPLAY_NEEDS[kind])
    view = await file_replay(held.sources, cast(Kind, kind))
    return RedirectResponse(f"/audit/{view['id']}", 303)


@router.post("/audit/{replay_id}/cancel")
async def cancel(request: Request, held: Held, replay_id: Annotated[Uuid, Path()]) -> Response:
    """Have a replay end; leads back to its page."""
    await read_form(request)
    await cancel_replay(held.sources, replay_id)
    return RedirectResponse(f"/audit/{replay_id}", 303)


@router.get("/audit/{replay_id}")
async def report(held: Held, replay_id: Annotated[Uuid, Path()]) -> Response:
    """One replay, with every difference that it lists."""
    view = await find_replay(held.sources, replay_id)
    return show_at_once(replay_page(view, await _titles(held.sources, view)), 200)


async def _titles(sources: Sources, view: ReplayView | None) -> Mapping[str, str]:
    """What the events are called of which a replay tells, if there is a projection that says so."""
    result = view.get("result") if view is not None else None
    differences: Iterable[Mapping[str, Any]] = cast("Any", result)["differences"] if result else ()
    if not (wanted := event_ids(differences)):
        return {}
    try:
        return await sources.reader.titles(await sources.reader.read_point(), wanted)
    except UnavailableError:
        return {}
