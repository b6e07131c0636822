"""What a request's address says of all records that it brings."""

from typing import Annotated, Literal

from fastapi import Depends, Query

from event_schemas.records import ANONYMOUS
from event_schemas.texts import Batch, Reason
from ingest_service.domain.accept import Terms
from ingest_service.errors import BadParameterError

AllResults = Annotated[Literal["all"] | None, Query(description="NDJSON: answer a line for every line.")]
BatchName = Annotated[
    Batch | None, Query(description="The name of the load: its records carry it.", examples=["gdelt-2026-02-13"])
]


async def _event_terms(
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
    return Terms(ANONYMOUS, reason, batch)


async def _change_terms(batch: BatchName = None) -> Terms:
    return Terms(ANONYMOUS, batch=batch)


#: The terms of events, and those of changes.
EventTerms = Annotated[Terms, Depends(_event_terms)]
ChangeTerms = Annotated[Terms, Depends(_change_terms)]
