"""`/v1/records/{position}`: what became of a record of the log."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from service_edge.parameters import DECIMAL
from timeline_service.api.operations import RECORD
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import answer
from timeline_service.queries.records import find_record

router = APIRouter(tags=["records"])


@router.get("/v1/records/{position}", summary="What became of a record", responses=RECORD)
async def record(
    request: Request,
    awaited: AwaitedRead,
    position: Annotated[str, Path(description="partition:offset, as the ingest service answered.", examples=["0:0"])],
    wait: Annotated[float, Query(ge=0, le=30, description="Wait so many seconds for the projection."), DECIMAL] = 0,
) -> Response:
    """The verdict on a record: applied, duplicate, rejected or parked; 404 `not-yet` before there is one."""
    point, view = await find_record(awaited, position, wait)
    return answer(request, point, view)
