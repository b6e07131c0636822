"""`/timelines/{pair}/marks`: what the graphic of a pair's page draws. It is the page's own, and may change with it."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from service_edge.parameters import WHOLE
from timeline_service.api.filters import Filters, PairPath
from timeline_service.api.holdings import Held
from timeline_service.api.listings import pair_tag, read_pair
from timeline_service.api.paging import page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import answer, known_already, tag_of
from timeline_service.queries.changed_marks import read_changed_marks
from timeline_service.queries.changes import changes_asked, list_changes
from timeline_service.queries.marks import Shown, read_marks
from timeline_service.queries.paging import read_point_of
from timeline_service.queries.selections import read_selection

router = APIRouter(include_in_schema=False)
Width = Annotated[int, Query(ge=100, le=10_000), WHOLE]


@router.get("/timelines/{pair}/marks")
async def marks(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    filters: Filters,
    pair: PairPath,
    start: str | None = None,
    end: str | None = None,
    width: Width = 1000,
) -> Response:
    """Marks or bins of the days from `start` to `end`, of all that there is without them, for so many pixels."""
    name = read_pair(pair)
    shown = Shown.read({"start": start, "end": end}, width)
    page = page_of(request, held, {"of": f"marks of {name}", **filters})
    selection = read_selection(page.query, name)
    now = await read_point_of(awaited, page, selection)
    at = replace(now, vector=await held.sources.reader.narrow(now, name))
    tag = pair_tag(request, at, "marks", "")
    if (known := known_already(request, now, tag)) is not None:
        return known
    return answer(request, now, await read_marks(held.sources, at, selection, shown), tag=tag)


@router.get("/timelines/{pair}/changes/marks")
async def changed_marks(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    pair: PairPath,
    since: str | None = None,
    until: str | None = None,
    include: Literal["retracted"] | None = None,
    start: str | None = None,
    end: str | None = None,
    width: Width = 1000,
) -> Response:
    """The same at the later of two moments, and without days all that has changed since the earlier one."""
    name = read_pair(pair)
    shown = Shown.read({"start": start, "end": end}, width)
    asked = changes_asked(name, since, until, include, awaited.generation)
    found = await list_changes(awaited, page_of(request, held, asked), name)
    at = found.at
    tag = tag_of("changed marks", str(request.url), found.since, at.vector, (at.generation, at.redriven))
    if (known := known_already(request, at, tag)) is not None:
        return known
    return answer(request, at, await read_changed_marks(found, shown), tag=tag)
