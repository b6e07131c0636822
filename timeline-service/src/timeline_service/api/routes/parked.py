"""`/v1/parked`: records that today's code cannot judge, and the wish that they be judged again."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response

from event_schemas.positions import PositionError, parse_position
from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.api.answers import answer, tag_of, whole_or_stream, with_items
from timeline_service.api.bodies import read_nothing
from timeline_service.api.descriptions import PARKED, REDRIVE
from timeline_service.domain.portions import Row, portions
from timeline_service.domain.vectors import Moment
from timeline_service.domain.views import parked_view
from timeline_service.errors import NotParkedError, RefusedError
from timeline_service.queries.moments import Reader, Waits
from timeline_service.queries.paging import Page, next_link
from timeline_service.queries.selections import CursorText, Limit

router = APIRouter(tags=["records"])


@router.get("/v1/parked", summary="Records that today's code cannot judge", responses=PARKED)
async def parked(
    request: Request, reader: Reader, awaited: Waits, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """By position, with the reason, the code that parked them, and their bytes. Later records of an event wait too."""
    page = Page.of(request, {"of": "parked", "generation": awaited.generation}, cursor)
    moment = await awaited.within(page.query.get("generation")).moment()
    at = page.moment(moment)
    after = (int(page.key[0]), int(page.key[1])) if page.key else (-1, -1)
    rows = await reader.parked(moment, after, limit + 1)
    following = (
        page.next(at.vector, (rows[limit - 1]["partition"], rows[limit - 1]["offset"])) if len(rows) > limit else None
    )
    rows = rows[:limit]
    said = [str(value) for row in rows for name, value in row.items() if name not in {"key", "value", "headers"}]
    tag = tag_of("parked", orjson.dumps([said, following]))
    chunks = with_items({"items": [], "next": following}, _views(reader, at, rows))
    size = sum(row["size"] for row in rows)
    return await whole_or_stream(request, moment, chunks, size, headers=next_link(request, following), tag=tag)


async def _views(reader: PostgresReader, at: Moment, rows: Sequence[Row]) -> AsyncIterator[Sequence[dict[str, Any]]]:
    for some in portions(rows):
        yield [parked_view(row) for row in await reader.parked_bytes(at, some)]


@router.post("/v1/parked/{position}/redrive", status_code=202, summary="Have a parked record judged again", **REDRIVE)
async def redrive_record(
    request: Request,
    reader: Reader,
    position: Annotated[str, Path(description="partition:offset of a parked record.", examples=["3:17"])],
) -> Response:
    """Stores the wish; the projector that owns the partition carries it out, the event's oldest record first."""
    await read_nothing(request)
    try:
        partition, offset = parse_position(position)
    except PositionError as error:
        raise RefusedError("/position", str(error)) from error
    moment = await reader.moment()
    if not await reader.request_redrive(moment, partition, offset):
        raise NotParkedError(f"no record is parked at {position}")
    return answer(request, moment, {"position": position}, headers={"location": f"/v1/records/{position}"}, status=202)
