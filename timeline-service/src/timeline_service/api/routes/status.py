"""`/v1/status` and the probes: how far the projection is, and whether the service can answer."""

from collections import Counter
from typing import Final, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest

from timeline_service.api.holdings import Held
from timeline_service.api.operations import HEALTHZ, METRICS, READYZ, STATUS
from timeline_service.api.read_points import CurrentReadPoint
from timeline_service.api.responses import answer
from timeline_service.domain.replays import Kind
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.status import OUTCOMES, read_status, read_whole_status, require_lag_within

router = APIRouter(tags=["operation"])
_RECORDS: Final = Gauge(
    "dyadline_projected_records", "Records of the log by what became of them", ["partition", "outcome"]
)
_LAG_RECORDS: Final = Gauge("dyadline_lag_records", "Records of the log that are not projected; NaN: Kafka is away")
_LAG_SECONDS: Final = Gauge("dyadline_lag_seconds", "How long ago Kafka appended the oldest of them")
_LISTENERS: Final = Gauge("dyadline_live_listeners", "Who listens to a live feed of this process")
_REPLAYS: Final = Gauge("dyadline_open_replays", "Replays that wait or run", ["kind"])


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
    """200 once the database answers and has a live generation, not too far behind; else 503 with the reason."""
    await held.sources.reader.read_point()
    held.sources.seal.secret()  # without which there are no cursors
    if held.ready_lag_seconds:
        await require_lag_within(held.sources, held.ready_lag_seconds)
    return {"status": "ready"}


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse, responses=METRICS)
async def metrics(held: Held) -> Response:
    """The process's metrics and the projection's counts, in Prometheus' text format."""
    reader = held.sources.reader
    point = await reader.read_point()
    for row in await reader.checkpoints(point):
        for name in OUTCOMES:
            _RECORDS.labels(row.partition, name).set(getattr(row, name))
    projection = await read_status(held.sources, point)
    _LAG_RECORDS.set(_or_nan(projection["lag"]))
    _LAG_SECONDS.set(_or_nan(projection["lag_seconds"]))
    open_replays = Counter(row["kind"] for row in await held.sources.replays.open())
    for kind in get_args(Kind):
        _REPLAYS.labels(kind).set(open_replays[kind])
    _LISTENERS.set(held.feed.listeners)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _or_nan(value: float | None) -> float:
    return value if value is not None else float("nan")
