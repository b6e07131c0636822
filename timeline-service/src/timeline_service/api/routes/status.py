"""`/v1/status` and the probes: how far the projection is, and whether the service can answer."""

from collections import Counter
from typing import Any, Final, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest

from event_schemas.records import format_time
from timeline_service.adapters.kafka.offsets import KafkaOffsets
from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.adapters.postgres.replays import Row
from timeline_service.api.answers import answer
from timeline_service.api.descriptions import HEALTHZ, METRICS, READYZ, STATUS
from timeline_service.domain.replays import Kind
from timeline_service.domain.vectors import Moment
from timeline_service.errors import UnavailableError
from timeline_service.queries.moments import At, Offsets, Reader, Replays

router = APIRouter(tags=["operation"])
_OUTCOMES: Final = ("applied", "duplicate", "rejected", "parked")
_RECORDS: Final = Gauge(
    "dyadline_projected_records", "Records of the log by what became of them", ["partition", "outcome"]
)
_LISTENERS: Final = Gauge("dyadline_live_listeners", "Who listens to a live feed of this process")
_REPLAYS: Final = Gauge("dyadline_open_replays", "Replays that wait or run", ["kind"])


@router.get("/v1/status", summary="How far the projection is", responses=STATUS)
async def status(request: Request, reader: Reader, offsets: Offsets, replays: Replays, moment: At) -> Response:
    """Log bounds, next offsets and lag by partition, what became of all records so far, and who replays them.

    While the log is out of reach its bounds and the lag are null; the lag also before a projector has ever run.
    """
    body = await read_status(request.app.state.topic, reader, offsets, moment)
    verification = _verification(await replays.last_verification())
    at = Moment(moment.generation, tuple(item["next_offset"] for item in body["partitions"]))
    return answer(request, at, body | {"last_verification": verification, "replayers": await replays.replayers()})


async def read_status(topic: str, reader: PostgresReader, offsets: KafkaOffsets, moment: Moment) -> dict[str, Any]:
    """How far the projection is behind the log, and what became of the records that it holds."""
    rows = await reader.checkpoints(moment)
    try:
        bounds: dict[int, tuple[int, int]] = await offsets.bounds(len(moment.vector))
    except UnavailableError:
        bounds = {}
    partitions: list[dict[str, Any]] = []
    held = {row["partition"]: row for row in rows}
    for partition in range(len(moment.vector)):  # also those that no projector has taken yet
        next_offset = held[partition]["next_offset"] if partition in held else 0
        start, end = bounds.get(partition, (None, None))
        partitions.append(
            {
                "partition": partition,
                "log_start": start,
                "log_end": end,
                "next_offset": next_offset,
                "lag": max(0, end - next_offset) if end is not None else None,
                "owner": held[partition]["owner"] if partition in held else None,
                "stopped": held[partition]["stopped"] if partition in held else None,
            }
        )
    lags = [item["lag"] for item in partitions]
    records = {name: sum(row[name] for row in rows) for name in _OUTCOMES}
    return {
        "topic": topic,
        "generation": moment.generation,
        "lag": sum(lags) if lags and None not in lags else None,
        "partitions": partitions,
        "records": {"total": sum(records.values()), **records},
    }


def _verification(row: Row | None) -> dict[str, Any] | None:
    if row is None:
        return None
    found = {name: row["result"][name] for name in ("equal", "digest")}
    return {"id": str(row["id"]), **found, "finished_at": format_time(row["finished_at"])}


@router.get("/healthz", summary="Whether the process is alive", responses=HEALTHZ)
async def healthz() -> dict[str, str]:
    """Says ok for as long as requests are answered at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether the service can answer", responses=READYZ)
async def readyz(reader: Reader, request: Request) -> dict[str, str]:
    """200 once the database answers and has a live generation, else 503 with the reason."""
    await reader.moment()
    if request.app.state.cursor_secret is None:
        raise UnavailableError("the service has not reached its database yet")
    return {"status": "ready"}


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse, responses=METRICS)
async def metrics(request: Request, reader: Reader, replays: Replays) -> Response:
    """The process's metrics and the projection's counts, in Prometheus' text format."""
    for row in await reader.checkpoints(await reader.moment()):
        for name in _OUTCOMES:
            _RECORDS.labels(row["partition"], name).set(row[name])
    open_replays = Counter(row["kind"] for row in await replays.open())
    for kind in get_args(Kind):
        _REPLAYS.labels(kind).set(open_replays[kind])
    _LISTENERS.set(request.app.state.live.listeners)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
