"""How far the projection is, and what became of the records that it holds."""

from typing import Final

from event_schemas.records import format_time
from timeline_service.adapters.postgres.replays import Row
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import UnavailableError
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.status import (
    LastVerificationView,
    PartitionView,
    ProjectionView,
    RecordsView,
    StatusView,
)

OUTCOMES: Final = ("applied", "duplicate", "rejected", "parked")


async def read_status(sources: Sources, point: ReadPoint) -> ProjectionView:
    """How far the projection is behind the log, and what became of the records that it holds.

    While the log is out of reach its bounds and the lag are null; the lag also before a projector has ever run.
    """
    rows = await sources.reader.checkpoints(point)
    try:
        bounds: dict[int, tuple[int, int]] = await sources.offsets.bounds(len(point.vector))
    except UnavailableError:
        bounds = {}
    partitions: list[PartitionView] = []
    held = {row.partition: row for row in rows}
    for partition in range(len(point.vector)):  # also those that no projector has taken yet
        next_offset = held[partition].next_offset if partition in held else 0
        start, end = bounds.get(partition, (None, None))
        partitions.append(
            {
                "partition": partition,
                "log_start": start,
                "log_end": end,
                "next_offset": next_offset,
                "lag": max(0, end - next_offset) if end is not None else None,
                "owner": held[partition].owner if partition in held else None,
                "stopped": held[partition].stopped if partition in held else None,
            }
        )
    lags = [item["lag"] for item in partitions if item["lag"] is not None]
    records: RecordsView = {
        "total": sum(row.applied + row.duplicate + row.rejected + row.parked for row in rows),
        "applied": sum(row.applied for row in rows),
        "duplicate": sum(row.duplicate for row in rows),
        "rejected": sum(row.rejected for row in rows),
        "parked": sum(row.parked for row in rows),
    }
    return {
        "topic": sources.topic,
        "generation": point.generation,
        "lag": sum(lags) if lags and len(lags) == len(partitions) else None,
        "partitions": partitions,
        "records": records,
    }


async def read_whole_status(sources: Sources, point: ReadPoint) -> StatusView:
    """The same, with the last verification, and who carries replays out."""
    projection = await read_status(sources, point)
    verification = _verification(await sources.replays.last_verification())
    return {**projection, "last_verification": verification, "replayers": await sources.replays.replayers()}


def _verification(row: Row | None) -> LastVerificationView | None:
    """What a verification has found, if there was any."""
    if row is None:
        return None
    result = row["result"]
    finished_at = format_time(row["finished_at"])
    return {"id": str(row["id"]), "equal": result["equal"], "digest": result["digest"], "finished_at": finished_at}
