"""`/v1/tags`, `/v1/actors` and `/v1/publishers`: what there is to filter by, counted."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from timeline_service.api.filters import Codes, Countries, CursorText, Filters, Limit
from timeline_service.api.holdings import Held
from timeline_service.api.operations import ACTORS, PUBLISHERS, TAGS
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import answer
from timeline_service.queries.names import Kind, list_names
from timeline_service.queries.selections import read_pair

router = APIRouter(tags=["search"])


async def _asked(
    filters: Filters,
    prefix: Annotated[
        str | None, Query(max_length=300, description="How the name begins, in any case.", examples=["a"])
    ] = None,
    country: Countries = None,
    code: Codes = None,
    pair: Annotated[
        str | None, Query(description="Only of the events of a pair: two codes in either order.", examples=["IN-CN"])
    ] = None,
) -> dict[str, Any]:
    """What is asked for of names: how they begin, and of which events."""
    name = read_pair("pair", pair) if pair is not None else None
    return {**filters, "country": country, "code": code, "prefix": prefix or None, "pair": name}


Asked = Annotated[dict[str, Any], Depends(_asked)]


@router.get("/v1/tags", summary="The tags that there are", responses=TAGS)
async def tags(
    request: Request, held: Held, awaited: AwaitedRead, asked: Asked, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """What `tag` can ask for, the most frequent first, by the number of events; with filters, of those they select."""
    return await _names("tag", request, held, awaited, asked, limit, cursor)


@router.get("/v1/actors", summary="The actors that there are", responses=ACTORS)
async def actors(
    request: Request, held: Held, awaited: AwaitedRead, asked: Asked, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """What `actor` can ask for, the most frequent first: names that differ in case or accents alone are one."""
    return await _names("actor", request, held, awaited, asked, limit, cursor)


@router.get("/v1/publishers", summary="The publishers of sources that there are", responses=PUBLISHERS)
async def publishers(
    request: Request, held: Held, awaited: AwaitedRead, asked: Asked, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """What `publisher` can ask for, the most frequent first: names that differ in case or accents alone are one."""
    return await _names("publisher", request, held, awaited, asked, limit, cursor)


async def _names(
    kind: Kind,
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    asked: dict[str, Any],
    limit: int,
    cursor: str | None,
) -> Response:
    page = page_of(request, held, {"of": f"{kind}s", **asked}, cursor)
    at, items, following = await list_names(awaited, page, kind, limit)
    return answer(request, at, {"items": items, "next": following}, headers=next_link(request, following))
