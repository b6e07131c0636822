"""`/v1/status` and the probes: how far the projection is, and whether the service can answer."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from service_edge.crew import Crew
from service_edge.crew_metrics import metrics_of
from timeline_service.api.holdings import Held, Holdings
from timeline_service.api.operations import HEALTHZ, METRICS, READYZ, STATUS
from timeline_service.api.read_points import CurrentReadPoint
from timeline_service.api.responses import answer
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import UnavailableError
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
async def readyz(request: Request, held: Held) -> dict[str, str]:
    """200 once the database answers and has a live generation, not too far behind; else 503 with the reason.

    It is ready without its replicas, too, and says how many of them it reads. It is answered within three seconds,
    whatever hangs.
    """
    await held.readiness.require()
    crew: Crew = request.app.crew
    if why_not := await crew.why_not_ready():
        raise UnavailableError(why_not)
    replicas = held.sources.replicas.in_words
    return {"status": "ready", "replicas": replicas} if replicas else {"status": "ready"}


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse, responses=METRICS)
async def metrics(request: Request, held: Held) -> Response:
    """The process's metrics and the projection's, in Prometheus' text format, in a second or so, whatever is away."""
    text = await metrics_of(request.app.crew, await held.observations.text(), held.observations.shared)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


async def say_ready(held: Holdings) -> bytes:
    """Why this process cannot answer, or nothing."""
    try:
        await held.readiness.require()
    except UnavailableError as error:
        return str(error).encode()
    return b""
