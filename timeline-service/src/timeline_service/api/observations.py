"""The service's metrics: what the process counts, and what is asked for at each scrape, which never waits for long."""

import asyncio
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Final, get_args

from prometheus_client import REGISTRY, Gauge, generate_latest

from timeline_service.domain.replays import Kind
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import UnavailableError
from timeline_service.feed.live_feed import LiveFeed
from timeline_service.queries.sources import Sources
from timeline_service.queries.status import OUTCOMES, read_whole_status
from timeline_service.queries.views.status import StatusView

_PATIENCE: Final = 1.0
_UNKNOWN: Final = float("nan")
_RECORDS: Final = Gauge(
    "dyadline_projected_records", "Records of the log by what became of them", ["partition", "outcome"]
)
_LAG_RECORDS: Final = Gauge("dyadline_lag_records", "Records of the log that are not projected; NaN: nobody knows")
_LAG_SECONDS: Final = Gauge("dyadline_lag_seconds", "How long ago Kafka appended the oldest of them")
_LISTENERS: Final = Gauge("dyadline_live_listeners", "Who listens to a live feed of this process")
_REPLAYS: Final = Gauge("dyadline_open_replays", "Replays that wait or run", ["kind"])
_STOPPED: Final = Gauge("dyadline_stopped_partitions", "Partitions that are projected no further, for a reason to see")
_GONE: Final = Gauge("dyadline_gone_partitions", "Partitions whose projector has not been heard of for 30 s")
_EQUAL: Final = Gauge(
    "dyadline_verification_equal", "Whether the last verification found the projection to be the log's"
)
_VERIFIED: Final = Gauge("dyadline_verification_timestamp_seconds", "When the last verification ended")
_REPLAYERS: Final = Gauge("dyadline_replayers", "Processes that carry replays out")
_REPLICA_USED: Final = Gauge("dyadline_replica_used", "Whether a replica of PostgreSQL is read", ["replica"])
_REPLICA_LAG: Final = Gauge(
    "dyadline_replica_lag_records", "Projected records that a replica lacks; NaN: nobody knows", ["replica"]
)
_REPLICA_SECONDS: Final = Gauge(
    "dyadline_replica_lag_seconds", "How long ago that was committed which it has, where it is behind", ["replica"]
)
_DATABASE: Final = Gauge("dyadline_database_up", "Whether PostgreSQL answers")
_KAFKA: Final = Gauge("dyadline_kafka_up", "Whether Kafka answers")
_OF_THE_PROJECTION: Final = (_LAG_RECORDS, _LAG_SECONDS, _STOPPED, _GONE, _EQUAL, _VERIFIED, _REPLAYERS, _KAFKA)


_SHARED: Final = (
    *_OF_THE_PROJECTION, _RECORDS, _REPLAYS, _DATABASE, _REPLICA_USED, _REPLICA_LAG, _REPLICA_SECONDS,
)  # fmt: skip


class Observations:
    """What a scrape is answered. It asks the engines, by one request at a time however many scrape.

    An engine that does not answer within a second is down: what it would have told is not a number, and all else is
    answered. The request goes on, and the next scrape finds what came of it.
    """

    def __init__(self, sources: Sources, feed: LiveFeed) -> None:
        self._sources = sources
        self._feed = feed
        self._asking: asyncio.Task[None] | None = None
        self._database_answers = False

    async def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        if self._asking is None or self._asking.done():
            self._database_answers = False
            self._asking = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._asking}, timeout=_PATIENCE)
        if self._asking in done:
            self._asking.result()
        else:
            _nothing_known()
            _DATABASE.set(self._database_answers)
            _KAFKA.set(0 if self._database_answers else _UNKNOWN)
        return await self.own()

    async def own(self) -> bytes:
        """The same, as it was when somebody asked for it last, with what the process counts by itself."""
        _LISTENERS.set(self._feed.listeners)
        return generate_latest(REGISTRY)

    @property
    def shared(self) -> Collection[str]:
        """The metrics that are no process's own."""
        return {described.name for gauge in _SHARED for described in gauge.describe()}

    async def _ask(self) -> None:
        try:
            point = await self._sources.reader.read_point()
            await self._count_records(point)
            self._database_answers = True
            status = await read_whole_status(self._sources, point)
            open_replays = Counter(row["kind"] for row in await self._sources.replays.open())
        except UnavailableError:
            _nothing_known()
            _DATABASE.set(0)
            return
        _DATABASE.set(1)
        _tell(status)
        for kind in get_args(Kind):
            _REPLAYS.labels(kind).set(open_replays[kind])

    async def _count_records(self, point: ReadPoint) -> None:
        for row in await self._sources.reader.checkpoints(point):
            for name in OUTCOMES:
                _RECORDS.labels(row.partition, name).set(getattr(row, name))


def _tell(status: StatusView) -> None:
    verification = status["last_verification"]
    _LAG_RECORDS.set(_or_unknown(status["lag"]))
    _LAG_SECONDS.set(_or_unknown(status["lag_seconds"]))
    _STOPPED.set(sum(item["stopped"] is not None for item in status["partitions"]))
    _GONE.set(sum(item["gone_since"] is not None for item in status["partitions"]))
    _EQUAL.set(verification["equal"] if verification else _UNKNOWN)
    _VERIFIED.set(datetime.fromisoformat(verification["finished_at"]).timestamp() if verification else _UNKNOWN)
    _REPLAYERS.set(len(status["replayers"]))
    for replica in status["replicas"]:
        _REPLICA_USED.labels(replica["name"]).set(replica["why_not"] is None)
        _REPLICA_LAG.labels(replica["name"]).set(_or_unknown(replica["lag"]))
        _REPLICA_SECONDS.labels(replica["name"]).set(_or_unknown(replica["lag_seconds"]))
    _KAFKA.set(all(item["log_end"] is not None for item in status["partitions"]))


def _nothing_known() -> None:
    for gauge in _OF_THE_PROJECTION:
        gauge.set(_UNKNOWN)


def _or_unknown(value: float | None) -> float:
    return value if value is not None else _UNKNOWN
