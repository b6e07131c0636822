"""`/v1/status` and the probes: how far the projection is, and whether the service can answer."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from timeline_service.api.holdings import Held
from timeline_service.api.operations import HEALTHZ, METRICS, READYZ, STATUS
from timeline_service.api.read_points import CurrentReadPoint
from timeline_service.api.responses import answer
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.status import read_whole_status

router = APIRouter(tags=["operation"])


@router.get("/v1/status", summary="How far the projection is", responses=STATUS)
async def status(request: Request, held: Held, point: CurrentReadPoint) -> Response:
    """Log bounds, next offsets and lag by partition, what became of all records so far, and who replays them.

    While the log is out of reach its bounds and the lag are null; the lag also before a projector has ever run.
    """
    view = await read_whole_status(held.sources, point)
    at = ReadPoint(point.generation, tuple(item["next_offset"] for item in view["partitions"]))
    return answer(request, at, view)


@router.get("/healthz", summary="Whether the process is alive", responses=HEALTHZ)
async def healthz() -> dict[str, str]:
    """Says ok for as long as requests are answered at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether the service can answer", responses=READYZ)
async def readyz(held: Held) -> dict[str, str]:
    """200 once the database answers and has a live generation, not too far behind; else 503 with the reason.

    It is answered within three seconds, whatever hangs.
    """
    await held.readiness.require()
    return {"status": "ready"}


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse, responses=METRICS)
async def metrics(held: Held) -> Response:
    """The process's metrics and the projection's, in Prometheus' text format, in a second or so, whatever is away."""
    return Response(await held.observations.text(), media_type=CONTENT_TYPE_LATEST)
