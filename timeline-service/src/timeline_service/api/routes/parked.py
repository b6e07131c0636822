"""`/v1/parked`: records that today's code cannot judge, and the wish that they be judged again."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request, Response

from timeline_service.api.bodies import read_nothing
from timeline_service.api.filters import CursorText, Limit
from timeline_service.api.holdings import Held
from timeline_service.api.operations import PARKED, REDRIVE
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import answer, tag_of, whole_or_stream, with_items
from timeline_service.queries.records import list_parked, read_parked, request_redrive

router = APIRouter(tags=["records"])


@router.get("/v1/parked", summary="Records that today's code cannot judge", responses=PARKED)
async def parked(
    request: Request, held: Held, awaited: AwaitedRead, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """By position, with the reason, the code that parked them, and their bytes. Later records of an event wait too."""
    page = page_of(request, held, {"of": "parked", "generation": awaited.generation}, cursor)
    found = await list_parked(awaited, page, limit)
    tag = tag_of("parked", orjson.dumps([found.etag_parts, found.next]))
    chunks = with_items({"items": [], "next": found.next}, read_parked(held.sources, found))
    headers = next_link(request, found.next)
    return await whole_or_stream(request, found.point, chunks, found.size, headers=headers, tag=tag)


@router.post("/v1/parked/{position}/redrive", status_code=202, summary="Have a parked record judged again", **REDRIVE)
async def redrive_record(
    request: Request,
    held: Held,
    position: Annotated[str, Path(description="partition:offset of a parked record.", examples=["3:17"])],
) -> Response:
    """Stores the wish; the projector that owns the partition carries it out, the event's oldest record first."""
    await read_nothing(request)
    point = await request_redrive(held.sources, position)
    return answer(request, point, {"position": position}, headers={"location": f"/v1/records/{position}"}, status=202)
