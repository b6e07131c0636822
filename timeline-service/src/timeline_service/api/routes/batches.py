"""`/v1/batches`: the loads there were, and what became of their records."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from event_schemas.texts import BATCH
from timeline_service.api.filters import CursorText, Limit
from timeline_service.api.holdings import Held
from timeline_service.api.operations import BATCH as BATCH_ANSWERS
from timeline_service.api.operations import BATCHES
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import answer
from timeline_service.queries.batches import find_batch, list_batches

router = APIRouter(tags=["batches"])


@router.get("/v1/batches", summary="The loads there were", responses=BATCHES)
async def batches(
    request: Request, held: Held, awaited: AwaitedRead, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """By name: when their first and last records were recorded, and how many records became what, by now."""
    page = page_of(request, held, {"of": "batches", "generation": awaited.generation}, cursor)
    at, items, following = await list_batches(awaited, page, limit)
    return answer(request, at, {"items": items, "next": following}, headers=next_link(request, following))


@router.get("/v1/batches/{name}", summary="What became of a load", responses=BATCH_ANSWERS)
async def batch(
    request: Request,
    awaited: AwaitedRead,
    name: Annotated[
        str,
        Path(
            description="The load's name.",
            examples=["gdelt-2026-02-13"],
            json_schema_extra={"pattern": f"^{BATCH}$"},  # said, and refused in words of our own
        ),
    ],
) -> Response:
    """How many of its records became what, the rejected ones by problem, and where they stand in the log."""
    at, view = await find_batch(awaited, name)
    return answer(request, at, view)
