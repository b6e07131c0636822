"""Corrections and retractions of events that are recorded already; the timeline service holds the verdicts."""

import orjson
from fastapi import APIRouter, Request, Response

from event_schemas.records import format_time
from ingest_service.api.allowance import allowance_of
from ingest_service.api.bodies import idempotency_key, read_value, require_no_key
from ingest_service.api.bulk import answer_bulk
from ingest_service.api.events import JSON, NDJSON, append_known
from ingest_service.api.operations import POST_CHANGES, POST_CORRECTION, POST_RETRACTION
from ingest_service.api.terms import AllResults, ChangeTerms
from ingest_service.domain.accept import (
    Accepted,
    Clock,
    accept_correction,
    accept_retraction,
    require_event_size,
    require_event_size_within,
)
from ingest_service.domain.changes import accept_change
from service_edge.media_types import media_type
from service_edge.parameters import EventId

router = APIRouter(tags=["changes"])


@router.post("/v1/events/{event_id}/corrections", status_code=202, summary="Correct an event", **POST_CORRECTION)
async def post_correction(request: Request, terms: ChangeTerms, event_id: EventId) -> Response:
    """Records the whole event as it should have been, and why. Of a retracted event it is a reinstatement."""
    key = _key(request)
    async with read_value(request) as (value, size):
        require_event_size_within(value, "event", size)
        allowance_of(request).require()
        accepted = accept_correction(value, event_id, terms, accepted_at=Clock().tick(), key=key)
        return await _record(request, accepted)


@router.post("/v1/events/{event_id}/retractions", status_code=202, summary="Retract an event", **POST_RETRACTION)
async def post_retraction(request: Request, terms: ChangeTerms, event_id: EventId) -> Response:
    """Records that an event no longer holds, and why; its history stays."""
    key = _key(request)
    async with read_value(request) as (value, size):
        require_event_size(size)
        allowance_of(request).require()
        accepted = accept_retraction(value, event_id, terms, accepted_at=Clock().tick(), key=key)
        return await _record(request, accepted)


@router.post("/v1/changes", summary="Correct and retract many events", response_class=Response, **POST_CHANGES)
async def post_changes(request: Request, terms: ChangeTerms, results: AllResults = None) -> Response:
    """Takes corrections and retractions in, a line for each, any number of them, answered as a bulk of events is.

    A 200 means that every in-sync replica of the log has the lines that are not named. The timeline service holds their
    verdicts, by positions, which `results=all` tells.
    """
    media_type(request.headers.get("content-type"), [NDJSON])
    require_no_key(idempotency_key(request), "lines")
    return await answer_bulk(
        request,
        lambda value, accepted_at: accept_change(value, terms, accepted_at=accepted_at),
        validate=False,
        everything=results == "all",
        status=202,
    )


def _key(request: Request) -> str | None:
    media_type(request.headers.get("content-type"), [JSON])
    return idempotency_key(request)


async def _record(request: Request, accepted: Accepted) -> Response:
    (appended,) = await append_known(request.app.state.log, [accepted])
    headers = {
        "location": f"{request.app.state.timeline_url}/v1/records/{appended.position}",
        "timeline-position": appended.position,
    }
    body = {
        "id": accepted.record.event_id,
        "position": appended.position,
        "recorded_at": format_time(appended.recorded_at),
    }
    return Response(orjson.dumps(body), 202, headers, "application/json")
