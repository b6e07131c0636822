"""How far the projection is, and what became of the records that it holds."""

import time
from collections.abc import Iterable
from itertools import zip_longest
from typing import Final

from event_schemas.records import format_time
from timeline_service.adapters.postgres.replays import Row
from timeline_service.adapters.postgres.replica import ReplicaState
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import UnavailableError
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.status import (
    LastVerificationView,
    PartitionView,
    ProjectionView,
    RecordsView,
    ReplicaView,
    StatusView,
)

OUTCOMES: Final = ("applied", "duplicate", "rejected", "parked")


async def read_status(sources: Sources, point: ReadPoint) -> ProjectionView:
    """How far the projection is behind the log, and what became of the records that it holds.

    While the log is out of reach its bounds and the lag are null; the lag also before a projector has ever run. The lag
    in seconds is for how long the oldest record that is not projected has been in the log.
    """
    rows = await sources.reader.checkpoints(point)
    gone = await sources.processes.gone(row.owner for row in rows)
    try:
        bounds: dict[int, tuple[int, int]] = await sources.offsets.bounds(len(point.vector))
    except UnavailableError:
        bounds = {}
    held = {row.partition: row for row in rows}
    partitions: list[PartitionView] = []
    for partition in range(len(point.vector)):  # also those that no projector has taken yet
        row = held.get(partition)
        next_offset = row.next_offset if row is not None else 0
        start, end = bounds.get(partition, (None, None))
        since = gone.get(row.owner) if row is not None else None
        partitions.append(
            {
                "partition": partition,
                "log_start": start,
                "log_end": end,
                "next_offset": next_offset,
                "lag": max(0, end - next_offset) if end is not None else None,
                "owner": row.owner if row is not None else None,
                "gone_since": format_time(since) if since is not None else None,
                "stopped": row.stopped if row is not None else None,
            }
        )
    lags = [item["lag"] for item in partitions if item["lag"] is not None]
    known = bool(lags) and len(lags) == len(partitions)
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
        "lag": sum(lags) if known else None,
        "lag_seconds": await _lag_seconds(sources, partitions) if known else None,
        "partitions": partitions,
        "records": records,
    }


async def _lag_seconds(sources: Sources, partitions: Iterable[PartitionView]) -> float | None:
    """For how long the oldest record that is not projected has been in the log; None if Kafka does not say."""
    behind = {item["partition"]: item["next_offset"] for item in partitions if item["lag"]}
    if not behind:
        return 0.0
    try:
        appended = await sources.offsets.appended_at(behind)
    except UnavailableError:
        return None
    return round(max(0.0, time.time() - min(appended.values()) / 1000), 1) if appended else None


async def read_whole_status(sources: Sources, point: ReadPoint) -> StatusView:
    """The same, with the last verification, who carries replays out, and how far the replicas are."""
    projection = await read_status(sources, point)
    verification = _verification(await sources.replays.last_verification())
    replicas = [_replica(state, point) for state in await sources.replicas.states(point.generation)]
    replayers = await sources.replays.replayers()
    return {**projection, "last_verification": verification, "replayers": replayers, "replicas": replicas}


def _replica(state: ReplicaState, point: ReadPoint) -> ReplicaView:
    lag = None
    if state.reach is not None:
        lag = sum(max(0, wanted - own) for wanted, own in zip_longest(point.vector, state.reach.vector, fillvalue=0))
    seconds = 0.0 if lag == 0 else state.replayed_seconds
    behind = round(max(0.0, seconds), 1) if lag is not None and seconds is not None else None
    return {"name": state.name, "why_not": state.why_not, "lag": lag, "lag_seconds": behind}


def _verification(row: Row | None) -> LastVerificationView | None:
    """What a verification has found, if there was any."""
    if row is None:
        return None
    result = row["result"]
    finished_at = format_time(row["finished_at"])
    return {"id": str(row["id"]), "equal": result["equal"], "digest": result["digest"], "finished_at": finished_at}


async def require_lag_within(sources: Sources, seconds: float) -> None:
    """Raises UnavailableError where the projection is further behind the log than that, or nobody knows how far."""
    lag = (await read_status(sources, await sources.reader.read_point()))["lag_seconds"]
    if lag is None:
        raise UnavailableError(
            "nobody knows how far the projection is behind the log: Kafka is out of reach, or no projector has run"
        )
    if lag > seconds:
        raise UnavailableError(f"the projection is {lag:g} s behind the log, more than {seconds:g} s")
