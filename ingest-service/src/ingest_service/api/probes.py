"""The probes and metrics: whether the process lives, whether it can record, what it did."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from ingest_service.adapters.kafka_log import KafkaLog
from ingest_service.api.operations import HEALTHZ, METRICS, READYZ
from ingest_service.errors import IngestError, UnavailableError
from ingest_service.metrics import READY
from service_edge.crew import Crew
from service_edge.crew_metrics import metrics_of

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Whether the process is alive", responses=HEALTHZ)
async def healthz() -> dict[str, str]:
    """Says ok for as long as requests are answered at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether events can be recorded", responses=READYZ)
async def readyz(request: Request) -> dict[str, str]:
    """200 when the topic can be trusted and a broker answers now, else 503 with the reason."""
    log: KafkaLog = request.app.state.log
    log.require_ready()
    crew: Crew = request.app.crew
    if why_not := await crew.why_not_ready():
        raise UnavailableError(why_not)
    return {"status": "ready"}


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse, responses=METRICS)
async def metrics(request: Request) -> Response:
    """The process's metrics in Prometheus' text format."""
    own = await say_metrics(request.app.state.log)
    return Response(await metrics_of(request.app.crew, own), media_type=CONTENT_TYPE_LATEST)


async def say_metrics(log: KafkaLog) -> bytes:
    """This process's own metrics."""
    READY.set(log.is_ready)
    return generate_latest(REGISTRY)


async def say_ready(log: KafkaLog) -> bytes:
    """Why this process cannot record events, or nothing."""
    try:
        log.require_ready()
    except IngestError as error:
        return str(error).encode()
    return b""
