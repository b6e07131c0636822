"""How far the projection is, and what became of the records that it holds."""

from typing import Any, Final

from event_schemas.records import format_time
from timeline_service.adapters.postgres.replays import Row
from timeline_service.domain.vectors import Moment
from timeline_service.errors import UnavailableError
from timeline_service.queries.sources import Sources

OUTCOMES: Final = ("applied", "duplicate", "rejected", "parked")


async def read_status(sources: Sources, moment: Moment) -> dict[str, Any]:
    """How far the projection is behind the log, and what became of the records that it holds.

    While the log is out of reach its bounds and the lag are null; the lag also before a projector has ever run.
    """
    rows = await sources.reader.checkpoints(moment)
    try:
        bounds: dict[int, tuple[int, int]] = await sources.offsets.bounds(len(moment.vector))
    except UnavailableError:
        bounds = {}
    partitions: list[dict[str, Any]] = []
    held = {row.partition: row for row in rows}
    for partition in range(len(moment.vector)):  # also those that no projector has taken yet
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
    lags = [item["lag"] for item in partitions]
    records = {name: sum(getattr(row, name) for row in rows) for name in OUTCOMES}
    return {
        "topic": sources.topic,
        "generation": moment.generation,
        "lag": sum(lags) if lags and None not in lags else None,
        "partitions": partitions,
        "records": {"total": sum(records.values()), **records},
    }


def verification_view(row: Row | None) -> dict[str, Any] | None:
    """What a verification has found, if there was any."""
    if row is None:
        return None
    found = {name: row["result"][name] for name in ("equal", "digest")}
    return {"id": str(row["id"]), **found, "finished_at": format_time(row["finished_at"])}
