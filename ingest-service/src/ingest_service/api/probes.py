"""The probes and metrics: whether the process lives, whether it can record, what it did."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from ingest_service.adapters.kafka_log import KafkaLog
from ingest_service.api.operations import HEALTHZ, METRICS, READYZ
from ingest_service.metrics import READY

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
    return {"status": "ready"}


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse, responses=METRICS)
async def metrics(request: Request) -> Response:
    """The process's metrics in Prometheus' text format."""
    log: KafkaLog = request.app.state.log
    READY.set(log.is_ready)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
