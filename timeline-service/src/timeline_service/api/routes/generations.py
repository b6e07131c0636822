"""`/v1/generations`: the projections there are; which of them is live, and which may go."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from event_schemas.records import format_time
from service_edge.parameters import WHOLE
from timeline_service.adapters.postgres.sql_files import generation_shape
from timeline_service.api.answers import answer
from timeline_service.api.bodies import read_nothing
from timeline_service.api.descriptions import ACTIVATE, DROP_GENERATION, GENERATIONS
from timeline_service.api.routes.replays import Row, file_replay, filed
from timeline_service.domain.replays import offsets_view
from timeline_service.errors import (
    GenerationFixedError,
    GenerationForeignError,
    GenerationLiveError,
    ReplayRunningError,
    UnknownGenerationError,
)
from timeline_service.queries.moments import Beside, Generations, Replays

router = APIRouter(tags=["replays"])
GenerationPath = Annotated[int, Path(ge=1, description="The generation's number.", examples=[1]), WHOLE]


@router.get("/v1/generations", summary="The projections there are", responses=GENERATIONS)
async def list_generations(request: Request, generations: Generations, moment: Beside) -> Response:
    """By number. One is live; `until` says where a read-only one ends. Every read takes a number as `generation`."""
    return answer(request, moment, {"items": [generation_view(row) for row in await generations.ready()]})


@router.post("/v1/generations/{n}/activate", status_code=202, summary="Make a generation the live one", **ACTIVATE)
async def activate_generation(
    request: Request, generations: Generations, replays: Replays, n: GenerationPath
) -> Response:
    """Files a replay that catches it up with the log, compares it, and makes it live instead of the other one."""
    await read_nothing(request)
    row = await _known(generations, n)
    if row["live"]:
        raise GenerationLiveError(f"generation {n} is live already")
    if row["until"] is not None:
        raise GenerationFixedError(f"generation {n} ends at a point in time, and stays as it is")
    if row["shape"] != generation_shape():
        raise GenerationForeignError(f"generation {n} was made by code of another shape")
    return filed(request, await file_replay(replays, "activate", generation=n))


@router.delete(
    "/v1/generations/{n}",
    status_code=204,
    summary="Drop a generation",
    response_class=Response,
    responses=DROP_GENERATION,
)
async def drop_generation(generations: Generations, replays: Replays, n: GenerationPath) -> Response:
    """Its tables go, for good: what it held can be made again by a rebuild. Not the live one."""
    for each in await replays.open():
        row = await replays.replay(str(each["id"]))
        if row is not None and row["generation"] == n:
            raise ReplayRunningError(str(row["id"]))
    await _known(generations, n)
    if not await generations.drop(n):
        raise GenerationLiveError(f"generation {n} is live: activate another one first")
    return Response(status_code=204)


async def _known(generations: Generations, n: int) -> Row:
    for row in await generations.ready():
        if row["n"] == n:
            return row
    raise UnknownGenerationError(f"there is no generation {n}: /v1/generations lists those there are")


def generation_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A generation by its row."""
    until = {"until": {"next_offsets": offsets_view(row["until"])}} if row["until"] is not None else {}
    made = {"created_at": format_time(row["created_at"]), "code_version": row["code_version"]}
    return {"n": row["n"], "live": row["live"], **until, **made}
