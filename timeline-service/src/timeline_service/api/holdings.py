"""What the app holds while it runs, as routes get it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from service_edge.event_streams import EventStreams
from timeline_service.adapters.ingest import IngestService
from timeline_service.api.observations import Observations
from timeline_service.api.readiness import Readiness
from timeline_service.feed.live_feed import LiveFeed
from timeline_service.feed.progress import ProgressFeed
from timeline_service.queries.exports import RawLog
from timeline_service.queries.sources import Sources


@dataclass(frozen=True, slots=True)
class Holdings:
    """What questions are put to, and what goes on answering. It is made when the process starts, all at once."""

    sources: Sources
    feed: LiveFeed
    progress: ProgressFeed
    raw_log: RawLog
    streams: EventStreams
    ingest: IngestService
    heartbeat_seconds: float
    readiness: Readiness
    observations: Observations

    def leave(self) -> None:
        """End what would go on for ever, so that the server need not wait for it."""
        self.feed.close()
        self.progress.close()
        self.streams.stop()
        self.raw_log.stop()


async def _holdings(request: Request) -> Holdings:
    holdings: Holdings = request.app.state.holdings
    return holdings


Held = Annotated[Holdings, Depends(_holdings)]
