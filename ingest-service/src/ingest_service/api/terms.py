"""What a request's address says of all records that it brings."""

from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from event_schemas.texts import Batch, Reason
from ingest_service.domain.accept import Terms
from ingest_service.errors import BadParameterError
from service_edge.access.callers import caller_of

AllResults = Annotated[Literal["all"] | None, Query(description="NDJSON: answer a line for every line.")]
BatchName = Annotated[
    Batch | None, Query(description="The name of the load: its records carry it.", examples=["gdelt-2026-02-13"])
]


async def _event_terms(
    request: Request,
    existing: Annotated[
        Literal["correct"] | None,
        Query(description="The events say how things are now: they correct those that are there, but retracted ones."),
    ] = None,
    reason: Annotated[
        Reason | None, Query(description="Why, with `existing`.", examples=["as the feed has it"])
    ] = None,
    batch: BatchName = None,
) -> Terms:
    if existing is not None and reason is None:
        raise BadParameterError("/reason", "is required with existing=correct: say why what is there is corrected")
    if existing is None and reason is not None:
        raise BadParameterError("/reason", "is for existing=correct: leave it out, or say both")
    return Terms(caller_of(request).name, reason, batch)


async def _change_terms(request: Request, batch: BatchName = None) -> Terms:
    return Terms(caller_of(request).name, batch=batch)


#: The terms of events, and those of changes.
EventTerms = Annotated[Terms, Depends(_event_terms)]
ChangeTerms = Annotated[Terms, Depends(_change_terms)]
