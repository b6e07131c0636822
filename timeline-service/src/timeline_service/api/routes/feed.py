"""`/v1/live` and `/v1/timelines/{pair}/live`: what is projected, as it is, as server-sent events."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from event_schemas.positions import PositionError
from timeline_service.api.filters import PairPath
from timeline_service.api.holdings import Held, Holdings
from timeline_service.api.listings import read_pair
from timeline_service.api.operations import LIVE, LIVE_OF_PAIR
from timeline_service.api.read_points import AwaitedLive
from timeline_service.api.responses import event_stream
from timeline_service.domain.feed import EVERYTHING, Subscription, live_vector, read_live_id
from timeline_service.domain.vectors import OffsetVector, ReadPoint, timeline_position, vector_of
from timeline_service.errors import RefusedError
from timeline_service.feed.live_feed import LiveFeed
from timeline_service.queries.read_points import WAIT_SECONDS, Awaited
from timeline_service.queries.selections import read_country

router = APIRouter(tags=["live"])
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="Resume behind this event.", examples=["0:0"])
]


@router.get(
    "/v1/timelines/{pair}/live",
    summary="What happens to a pair's timeline, as it happens",
    response_class=Response,
    responses=LIVE_OF_PAIR,
)
async def live_of_pair(
    request: Request, held: Held, awaited: AwaitedLive, pair: PairPath, last_event_id: LastEventId = None
) -> Response:
    """Every record about an event of the pair, as soon as it is projected, also corrections that take it away (`left`).

    It starts at now, or behind `Last-Event-ID`: an event's id says how far all partitions were. A record that
    was parked and is judged later is told once more, with what became of it.
    """
    return await _listen(request, held, awaited, Subscription(pair=_two(read_pair(pair))), last_event_id)


@router.get("/v1/live", summary="What happens to all timelines, as it happens", response_class=Response, responses=LIVE)
async def live_of_all(
    request: Request,
    held: Held,
    awaited: AwaitedLive,
    country: Annotated[str | None, Query(description="Only events of this country.", examples=["IND"])] = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Every record of the log as soon as it is projected, or those about a country's events; else as for a pair."""
    subscription = Subscription(country=read_country("country", country)) if country is not None else EVERYTHING
    return await _listen(request, held, awaited, subscription, last_event_id)


async def _listen(
    request: Request, held: Holdings, awaited: Awaited, subscription: Subscription, last_event_id: str | None
) -> Response:
    if len(request.headers.getlist("last-event-id")) > 1:
        raise RefusedError("/Last-Event-ID", "is given more than once: give the id of the last event")
    point, start = await _start(awaited, held.feed, last_event_id)
    headers = {}
    if position := timeline_position(start[: len(start) // 2]):
        headers["timeline-position"] = position
    pieces = held.feed.listen(subscription, point.generation, start, held.heartbeat_seconds)
    return event_stream(request, held.streams, pieces, headers)


def _two(pair: str) -> tuple[str, str]:
    first, second = pair.split("-")
    return first, second


async def _start(awaited: Awaited, feed: LiveFeed, last_event_id: str | None) -> tuple[ReadPoint, OffsetVector]:
    """Now, or where the listener stood with an event's id, once the projection has got there."""
    point = await awaited.read_point()
    if not last_event_id:
        return point, live_vector(point)
    try:
        seen, generation, told = read_live_id(last_event_id)
        point = await awaited.sources.reader.read_point_after(seen, WAIT_SECONDS)
    except PositionError as error:
        raise RefusedError("/Last-Event-ID", f"{error}: send the id of an event of this stream") from error
    except KeyError as error:
        raise RefusedError("/Last-Event-ID", f"the log has no partition {error}") from error
    vector = _behind(seen, point)
    if generation == point.generation:
        return point, live_vector(ReadPoint(generation, vector, _behind(told, point)))
    return point, await feed.place(ReadPoint(point.generation, vector))


def _behind(last: Mapping[int, int], point: ReadPoint) -> OffsetVector:
    return vector_of({partition: number + 1 for partition, number in last.items()}, len(point.vector))
