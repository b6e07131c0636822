"""Routes that are prepared answer as the framework's own do, whatever is asked of them."""

from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from service_edge.parameters import TRUE_OR_FALSE, WHOLE
from service_edge.prepared_routes import PreparedRoute

called: list[str] = []


async def _of_the_app(request: Request) -> None:
    called.append(f"app {request.url.path}")


async def _shared(from_: Annotated[str | None, Query(alias="from")] = None) -> str:
    called.append("shared")
    return from_ or "the beginning"


Shared = Annotated[str, Depends(_shared)]


async def _filters(
    shared: Shared,
    tag: Annotated[list[str] | None, Query()] = None,
    least: Annotated[list[Annotated[int, Query(ge=0), WHOLE]] | None, Query()] = None,
    match: Literal["overlaps", "within"] = "overlaps",
) -> dict[str, Any]:
    called.append("filters")
    return {"shared": shared, "tag": tag, "least": least, "match": match}


async def _read(
    request: Request,
    shared: Shared,
    filters: Annotated[dict[str, Any], Depends(_filters)],
    pair: str,
    b: str,
    limit: Annotated[int | None, Query(ge=1, le=9), WHOLE] = None,
    count: Annotated[bool, TRUE_OR_FALSE] = False,
    language: Annotated[str | None, Header(alias="Accept-Language")] = None,
) -> Response:
    known = {"pair": pair, "b": b, "limit": limit, "count": count, "language": language, "path": request.url.path}
    return JSONResponse({"shared": shared, **filters, **known})


def _app(route_class: type[APIRoute]) -> FastAPI:
    router = APIRouter(route_class=route_class)
    router.add_api_route("/of/{pair}", _read, response_class=Response)
    app = FastAPI(dependencies=[Depends(_of_the_app)])
    app.include_router(router)
    return app


@pytest.mark.parametrize(
    "asked",
    [
        "b=1",
        "",
        "b=1&from=2020&tag=x&tag=y&least=1&least=2&match=within&limit=5&count=true",
        "b=1&tag=",
        "b=&limit=9",
        "b=1&b=2",
        "b=1&limit=0",
        "b=1&limit=1.0",
        "b=1&limit=",
        "b=1&count=yes",
        "b=1&match=neither&least=-1",
        "b=1&least=1&least=x",
        "b=1&from_=2020&else=5",
    ],
)
async def test_a_prepared_route_answers_as_any_other(asked: str) -> None:
    found = []
    for route_class in (APIRoute, PreparedRoute):
        called.clear()
        transport = httpx.ASGITransport(_app(route_class))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers = [await client.get(f"/of/CHN-IND?{asked}", headers={"accept-language": "de"})]
            answers.append(await client.get(f"/of/CHN%20?{asked}"))
        found.append(([(answer.status_code, answer.content) for answer in answers], [*called]))
    assert found[0] == found[1]


def test_a_prepared_route_is_described_as_any_other() -> None:
    assert _app(PreparedRoute).openapi() == _app(APIRoute).openapi()


def test_what_cannot_be_prepared_is_told_when_the_route_is_made() -> None:
    def in_a_thread() -> str:
        return ""

    async def read(given: Annotated[str, Depends(in_a_thread)]) -> Response:
        return Response(given)

    with pytest.raises(AssertionError, match="in_a_thread"):
        APIRouter(route_class=PreparedRoute).add_api_route("/", read)
