"""`/v1/log/export`: the log's records as they are, to be kept and checked by whoever wants to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from service_edge.parameters import WHOLE
from timeline_service.api.holdings import Held
from timeline_service.api.operations import LOG_EXPORT
from timeline_service.api.read_points import AwaitedLive
from timeline_service.api.responses import stream, tag_of
from timeline_service.domain.exports import ExportHeader, write_header
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import RefusedError
from timeline_service.queries.exports import range_of, require_reached

router = APIRouter(tags=["log"])


async def _required(request: Request, held: Held) -> None:
    """Say what partitions there are to who names none."""
    if "partition" not in request.query_params:
        count = len(await held.sources.offsets.bounds())
        raise RefusedError("/partition", f"is missing: give one from 0 to {count - 1}")


@router.get(
    "/v1/log/export",
    summary="The log's own records",
    response_class=Response,
    dependencies=[Depends(_required)],
    responses=LOG_EXPORT,
)
async def log_export(
    request: Request,
    held: Held,
    awaited: AwaitedLive,
    partition: Annotated[int, Query(ge=0, description="One of the log's partitions.", examples=[0]), WHOLE],
    from_: Annotated[
        int | None,
        Query(alias="from", ge=0, description="The first offset; by default where the log begins.", examples=[0]),
        WHOLE,
    ] = None,
    to: Annotated[
        int | None,
        Query(ge=0, description="The offset before which it ends; by default where the log ends now.", examples=[0]),
        WHOLE,
    ] = None,
) -> Response:
    """The records of a partition in the range [from, to), byte for byte, with their hashes.

    The first line says what it is; then there is a line for each record, and one with a `gap` wherever offsets hold
    none, as those of a transaction's markers do. The last line, `end`, says how many records there were: an export
    without it broke off, and can go on behind its last offset, to the same `to`. The same range is always the same
    bytes.
    """
    bounds = await held.sources.offsets.bounds()
    require_reached(awaited, bounds)
    start, end = range_of(bounds, partition, from_, to)
    header = ExportHeader(held.sources.topic, len(bounds), partition, start, end)
    at = ReadPoint(0, tuple(end if number == partition else 0 for number in range(len(bounds))))
    tag = tag_of("log export with gaps and end", write_header(header))
    return stream(request, at, held.raw_log.lines(header), tag=tag, media_type="application/x-ndjson")
