"""`/v1/records`: what became of records of the log, of each by its position, and of the last ones."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from event_schemas.texts import BATCH
from service_edge.parameters import DECIMAL
from timeline_service.api.filters import CursorText, Limit, Strings, listed
from timeline_service.api.holdings import Held
from timeline_service.api.operations import RECORD, RECORDS
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import answer
from timeline_service.domain.outcomes import ALL_PROBLEMS, OUTCOMES
from timeline_service.queries.records import find_record, list_records

router = APIRouter(tags=["records"])


@router.get("/v1/records", summary="What became of the last records", responses=RECORDS)
async def records(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    outcome: Annotated[Strings, listed(OUTCOMES, "Outcomes; by default all but `applied`.", "rejected")] = None,
    problem: Annotated[Strings, listed(ALL_PROBLEMS, "Why they were rejected or parked.", "conflict")] = None,
    principal: Annotated[str | None, Query(description="Who has written them.", examples=["anonymous"])] = None,
    batch: Annotated[
        str | None,
        Query(description="Their load.", examples=["gdelt-2026-02-13"], json_schema_extra={"pattern": f"^{BATCH}$"}),
    ] = None,
    since: Annotated[
        str | None,
        Query(description="Those behind these positions; of a partition that is not named, all.", examples=["0:0"]),
    ] = None,
    until: Annotated[
        str | None,
        Query(
            description="Those up to and with these positions; of a partition that is not named, none.",
            examples=["0:9,1:9"],
        ),
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """What was rejected, and why, without knowing positions: by when it was recorded, the newest first.

    Whoever has posted much asks for what lies between the first and the last position that was answered. All pages
    stand at the position of the first. A record that was parked is told with what became of it since.
    """
    filters = {"outcome": outcome, "problem": problem, "principal": principal, "batch": batch}
    within = {"since": since, "until": until, "generation": awaited.generation}
    page = page_of(request, held, {"of": "records", **filters, **within}, cursor)
    at, items, following = await list_records(awaited, page, limit)
    return answer(request, at, {"items": items, "next": following}, headers=next_link(request, following))


@router.get("/v1/records/{position}", summary="What became of a record", responses=RECORD)
async def record(
    request: Request,
    awaited: AwaitedRead,
    position: Annotated[str, Path(description="partition:offset, as the ingest service answered.", examples=["0:0"])],
    wait: Annotated[float, Query(ge=0, le=30, description="Wait so many seconds for the projection."), DECIMAL] = 0,
) -> Response:
    """The verdict on a record: applied, duplicate, rejected or parked; 404 `not-yet` before there is one."""
    point, view = await find_record(awaited, position, wait)
    return answer(request, point, view)
