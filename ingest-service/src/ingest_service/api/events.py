"""`POST /v1/events`: one event, an array, a stream of lines, or CloudEvents."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response

from event_schemas.errors import LanguageError, RefusedEventError
from event_schemas.events import MAX_EVENT_BYTES
from event_schemas.positions import format_positions
from event_schemas.records import format_time
from ingest_service.adapters.kafka_log import KafkaLog
from ingest_service.adapters.kafka_session import Appended
from ingest_service.api.allowance import allowance_of
from ingest_service.api.bodies import idempotency_key, read_value, require_no_key
from ingest_service.api.bulk import TURN_SECONDS, Accept, answer_bulk
from ingest_service.api.operations import POST_EVENTS
from ingest_service.api.problems import problem_of
from ingest_service.api.terms import AllResults, EventTerms
from ingest_service.domain.accept import (
    Accepted,
    Clock,
    Origin,
    Terms,
    accept_event,
    require_event_size,
    require_event_size_within,
    size_of,
)
from ingest_service.domain.cloud_events import open_cloud_event, origin_of_headers
from ingest_service.errors import IngestError, RefusedRequestError, TooLargeError, UnavailableError, UnknownOutcomeError
from service_edge.media_types import media_type

router = APIRouter(tags=["events"])
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CLOUD_EVENT: Final = "application/cloudevents+json"
CLOUD_EVENTS: Final = "application/cloudevents-batch+json"
TAKEN: Final = (JSON, NDJSON, CLOUD_EVENT, CLOUD_EVENTS)
MAX_ITEMS: Final = 1000
_UNKNOWN: Final = "the log did not acknowledge in time: it may have been recorded. The same request again is safe"
Open = Callable[[Any], tuple[Any, Origin | None]]


@router.post("/v1/events", status_code=201, summary="Post events", **POST_EVENTS)
async def post_events(
    request: Request,
    terms: EventTerms,
    validate: Annotated[Literal["only"] | None, Query(description="Only say what would be recorded.")] = None,
    results: AllResults = None,
) -> Response:
    """Takes events in. A 2xx means that every in-sync replica of the log has them, at the positions answered.

    A CloudEvent in binary mode is an event as `application/json`, with the attributes as `ce-` headers.
    """
    named = media_type(request.headers.get("content-type"), TAKEN)
    key = idempotency_key(request)
    if named == NDJSON:
        require_no_key(key, "lines")
        accept = _accepting(terms)
        return await answer_bulk(request, accept, validate=validate is not None, everything=results == "all")
    if results is not None:
        raise RefusedRequestError("results=all is for application/x-ndjson: the answer to JSON has every result")
    async with read_value(request) as (value, size):
        return await _json_answer(request, terms, named, value, size, key, validate is not None)


def _accepting(terms: Terms) -> Accept:
    return lambda value, accepted_at: accept_event(value, terms, accepted_at=accepted_at)


async def _json_answer(
    request: Request, terms: Terms, named: str, value: Any, size: int, key: str | None, validate: bool
) -> Response:
    binary = named == JSON and any(name.startswith("ce-") for name in request.headers)
    if binary:
        origin = origin_of_headers(request.headers)
        return await _one(request, terms, value, size, key, lambda data: (data, origin), validate)
    if named == CLOUD_EVENT:
        return await _one(request, terms, value, size, key, open_cloud_event, validate)
    if named == CLOUD_EVENTS and not isinstance(value, list):
        raise RefusedRequestError("a batch of CloudEvents is a JSON array")
    if isinstance(value, list):
        require_no_key(key, "an array")
        opened: Open = open_cloud_event if named == CLOUD_EVENTS else _plain
        return await _many(request, terms, value, size, opened, validate)
    return await _one(request, terms, value, size, key, _plain, validate)


async def _one(
    request: Request, terms: Terms, value: Any, size: int, key: str | None, opened: Open, validate: bool
) -> Response:
    _require_size(value, size, opened)
    allowance_of(request).require()
    accepted = _accept(value, terms, opened, Clock(), key)
    if validate:
        return _json(200, accepted.normalised)
    record, log = accepted.record, request.app.state.log
    (appended,) = await append_known(log, [accepted])
    headers = {
        "location": f"{request.app.state.timeline_url}/v1/events/{record.event_id}",
        "timeline-position": appended.position,
    }
    body = {
        "id": record.event_id,
        "position": appended.position,
        "accepted_at": format_time(record.accepted_at),
        "recorded_at": format_time(appended.recorded_at),
        "pairs": accepted.pairs,
    }
    return _json(201, body, headers)


async def _many(
    request: Request, terms: Terms, values: Sequence[Any], size: int, opened: Open, validate: bool
) -> Response:
    if len(values) > MAX_ITEMS:
        raise RefusedRequestError(f"{len(values)} events in one array: at most {MAX_ITEMS}; NDJSON has no limit")
    allowance_of(request).require(len(values))
    clock, results, taken = Clock(), [], []
    now = asyncio.get_running_loop().time
    turn_ends = now() + TURN_SECONDS
    for index, value in enumerate(values):
        if now() > turn_ends:
            await asyncio.sleep(0)  # others are answered meanwhile
            turn_ends = now() + TURN_SECONDS
        try:
            if size > MAX_EVENT_BYTES:
                _require_size(value, size_of(value), opened)
            accepted = _accept(value, terms, opened, clock, None)
        except (LanguageError, TooLargeError) as error:
            problem = problem_of(error)
            results.append({"index": index, "status": problem.kind.status, "problem": problem.body()})
            continue
        results.append({"index": index, "status": 200 if validate else 201})
        if validate:
            results[-1]["event"] = accepted.normalised
        taken.append((results[-1], accepted))
    if validate:
        return _json(200, {"results": results})
    log: KafkaLog = request.app.state.log
    try:
        appended = await log.append([accepted for _, accepted in taken]) if taken else []
    except UnavailableError as error:
        raise _nothing(error, values) from error
    reached: dict[int, int] = {}
    for (result, accepted), place in zip(taken, appended, strict=True):
        result["id"] = accepted.record.event_id
        if place is None:
            problem = problem_of(UnknownOutcomeError(accepted.record.event_id, _UNKNOWN))
            result |= {"status": problem.kind.status, "problem": problem.body()}
        else:
            result["position"] = place.position
            reached[place.partition] = max(place.offset, reached.get(place.partition, 0))
    if taken and not reached:
        problem = problem_of(UnknownOutcomeError(None, _UNKNOWN))
        problem.extra = {"results": results}
        raise problem
    position = format_positions(reached)
    status = 201 if all(result["status"] == 201 for result in results) else 207
    headers = {"timeline-position": position} if position else {}
    return _json(status, {"results": results, "timeline_position": position}, headers)


async def append_known(log: KafkaLog, accepted: Sequence[Accepted]) -> list[Appended]:
    """Append one request's records; raises UnknownOutcomeError, which names the event, without an acknowledgement."""
    event_id = accepted[0].record.event_id
    try:
        results = await log.append(accepted)
    except UnavailableError as error:
        problem = problem_of(error)
        problem.extra = {"id": event_id}
        raise problem from error
    known = [item for item in results if item is not None]
    if len(known) < len(accepted):
        raise UnknownOutcomeError(event_id, _UNKNOWN)
    return known


def _accept(value: Any, terms: Terms, opened: Open, clock: Clock, key: str | None) -> Accepted:
    event, origin = opened(value)
    try:
        return accept_event(event, terms, accepted_at=clock.tick(), key=key, origin=origin)
    except RefusedEventError as error:
        raise (error if opened is not open_cloud_event else error.within("data")) from error


def _nothing(error: IngestError, values: Sequence[Any]) -> IngestError:
    return UnavailableError(f"{error}; none of the {len(values)} events was recorded")


def _plain(value: Any) -> tuple[Any, Origin | None]:
    return value, None


def _require_size(value: Any, size: int, opened: Open) -> None:
    if opened is open_cloud_event:
        require_event_size_within(value, "data", size)
    else:
        require_event_size(size)


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")
