"""`/v1/records/{position}`: what became of a record of the log."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from event_schemas.positions import PositionError, parse_position
from service_edge.parameters import DECIMAL
from timeline_service.api.answers import answer
from timeline_service.api.descriptions import RECORD
from timeline_service.domain.vectors import reached
from timeline_service.domain.views import record_view
from timeline_service.errors import NotYetError, RefusedError, UnavailableError, UnknownRecordError
from timeline_service.queries.moments import Reader, Waits

router = APIRouter(tags=["records"])


@router.get("/v1/records/{position}", summary="What became of a record", responses=RECORD)
async def record(
    request: Request,
    reader: Reader,
    awaited: Waits,
    position: Annotated[str, Path(description="partition:offset, as the ingest service answered.", examples=["0:0"])],
    wait: Annotated[float, Query(ge=0, le=30, description="Wait so many seconds for the projection."), DECIMAL] = 0,
) -> Response:
    """The verdict on a record: applied, duplicate, rejected or parked; 404 `not-yet` before there is one."""
    try:
        partition, offset = parse_position(position)
    except PositionError as error:
        raise RefusedError("/position", str(error)) from error
    moment = await awaited.moment()
    if not reached_by(moment.vector, partition, offset):
        try:
            moment = await awaited.moment_after({partition: offset}, wait, "position")
        except UnavailableError as error:
            await reader.moment()  # away, or only not there yet?
            raise NotYetError(f"the record at {position} is not projected yet") from error
    row = await reader.record(moment, partition, offset)
    if row is None:
        raise UnknownRecordError(f"the log has no record at {position}")
    return answer(request, moment, record_view(position, row))


def reached_by(vector: tuple[int, ...], partition: int, offset: int) -> bool:
    """Whether a projection at the vector holds a record; not, where there is no such partition."""
    return partition < len(vector) and reached(vector, {partition: offset})
