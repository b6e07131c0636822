"""`/v1/live` and `/v1/timelines/{pair}/live`: what is projected, as it is, as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from event_schemas.positions import PositionError, parse_positions
from service_edge.serving import ABORT
from timeline_service.api.descriptions import LIVE, LIVE_OF_PAIR
from timeline_service.api.reading import WAIT_SECONDS, Awaited, Waits
from timeline_service.api.selecting import read_country
from timeline_service.api.timelines import PairPath, read_pair
from timeline_service.domain.vectors import Vector, timeline_position, vector_of
from timeline_service.errors import RefusedError, UnavailableError
from timeline_service.live.chunks import EVERYTHING
from timeline_service.live.feed import LiveFeed

router = APIRouter(tags=["live"])
_LOG: Final = structlog.get_logger()
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="Resume behind this event.", examples=["0:0"])
]


class EventStream(StreamingResponse):
    """A stream whose listener is dropped when it takes nothing for so many seconds."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes, None], headers: dict[str, str], slow_seconds: float) -> None:
        super().__init__(frames, headers=headers)
        self._frames = frames
        self._slow_seconds = slow_seconds
        self._scope: Scope = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, until the client goes away."""
        self._scope = scope
        await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Send what comes. The end of the stream tells the client to come again."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async with aclosing(self._frames) as frames:
                async for frame in frames:
                    async with asyncio.timeout(self._slow_seconds):
                        await send({"type": "http.response.body", "body": frame, "more_body": True})
        except TimeoutError:
            _LOG.info("slow listener dropped", path=self._scope["path"], seconds=self._slow_seconds)
            self._scope["extensions"][ABORT]()
            return
        except UnavailableError as error:
            _LOG.info("live stream ended", path=self._scope["path"], reason=str(error))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@router.get(
    "/v1/timelines/{pair}/live",
    summary="What happens to a pair's timeline, as it happens",
    response_class=Response,
    responses=LIVE_OF_PAIR,
)
async def live_of_pair(request: Request, awaited: Waits, pair: PairPath, last_event_id: LastEventId = None) -> Response:
    """Every record about an event of the pair, as soon as it is projected, also corrections that take it away (`left`).

    It starts at now, or behind `Last-Event-ID`: an event's id says how far all partitions were.
    """
    return await _listen(request, awaited, read_pair(pair), last_event_id)


@router.get("/v1/live", summary="What happens to all timelines, as it happens", response_class=Response, responses=LIVE)
async def live(
    request: Request,
    awaited: Waits,
    country: Annotated[str | None, Query(description="Only events of this country.", examples=["IND"])] = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Every record of the log as soon as it is projected, or those about a country's events; else as for a pair."""
    topic = read_country("country", country) if country is not None else EVERYTHING
    return await _listen(request, awaited, topic, last_event_id)


async def _listen(request: Request, awaited: Awaited, topic: str, last_event_id: str | None) -> Response:
    start = await _start(awaited, last_event_id)
    headers = dict(_HEADERS)
    if position := timeline_position(start):
        headers["timeline-position"] = position
    if request.scope.get("head"):
        head = Response(headers=headers, media_type=EventStream.media_type)
        del head.headers["content-length"]  # a stream has none
        return head
    feed: LiveFeed = request.app.state.live
    frames = feed.listen(topic, start, request.app.state.heartbeat_seconds)
    return EventStream(frames, headers, request.app.state.slow_seconds)


async def _start(awaited: Awaited, last_event_id: str | None) -> Vector:
    """Now, or the vector behind an event's id, once the projection has got there."""
    moment = await awaited.moment()
    if not last_event_id:
        return moment.vector
    try:
        seen = parse_positions(last_event_id)
        await awaited.reader.moment_after(seen, WAIT_SECONDS)
    except PositionError as error:
        raise RefusedError("/Last-Event-ID", f"{error}: send the id of an event of this stream") from error
    except KeyError as error:
        raise RefusedError("/Last-Event-ID", f"the log has no partition {error}") from error
    return vector_of({partition: offset + 1 for partition, offset in seen.items()}, len(moment.vector))
