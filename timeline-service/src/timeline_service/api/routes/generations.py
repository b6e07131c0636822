"""`/v1/generations`: the projections there are; which of them is live, and which may go."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service_edge.parameters import WHOLE
from timeline_service.api.bodies import read_nothing
from timeline_service.api.holdings import Held
from timeline_service.api.operations import ACTIVATE, DROP_GENERATION, GENERATIONS
from timeline_service.api.read_points import ReadPointIfAny
from timeline_service.api.responses import answer, filed
from timeline_service.queries import generations

router = APIRouter(tags=["replays"])
GenerationPath = Annotated[int, Path(ge=1, description="The generation's number.", examples=[1]), WHOLE]


@router.get("/v1/generations", summary="The projections there are", responses=GENERATIONS)
async def list_generations(request: Request, held: Held, point: ReadPointIfAny) -> Response:
    """By number. One is live; `until` says where a read-only one ends. Every read takes a number as `generation`."""
    return answer(request, point, {"items": await generations.list_generations(held.sources)})


@router.post("/v1/generations/{n}/activate", status_code=202, summary="Make a generation the live one", **ACTIVATE)
async def activate_generation(request: Request, held: Held, n: GenerationPath) -> Response:
    """Files a replay that catches it up with the log, compares it, and makes it live instead of the other one."""
    await read_nothing(request)
    return filed(request, await generations.activate_generation(held.sources, n))


@router.delete(
    "/v1/generations/{n}",
    status_code=204,
    summary="Drop a generation",
    response_class=Response,
    responses=DROP_GENERATION,
)
async def drop_generation(held: Held, n: GenerationPath) -> Response:
    """Its tables go, for good: what it held can be made again by a rebuild. Not the live one."""
    await generations.drop_generation(held.sources, n)
    return Response(status_code=204)
