"""The id of a request, which is the caller's where that is fit for a log."""

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service_edge.request_ids import RequestIds, request_id_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"x-request-id": "mine-1"}, "mine-1"),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"x-request-id": "mine", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, "mine"),
        ({"x-request-id": "two words", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
    ],
)
def test_the_callers_id_is_taken(given: dict[str, str], expected: str) -> None:
    assert request_id_of(Headers(given)) == expected


@pytest.mark.parametrize("odd", ["", "x" * 129, "a\tb", "é", "level=error"[:5] + " x", '"', "\\n"])
def test_an_id_that_is_not_fit_for_a_log_is_replaced(odd: str) -> None:
    first, second = (request_id_of(Headers(raw=[(b"x-request-id", odd.encode("latin-1"))])) for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second


async def test_the_id_is_answered_and_is_what_lines_of_the_log_are_bound_to() -> None:
    async def bound(_: Request) -> Response:
        return JSONResponse(structlog.contextvars.get_contextvars())

    app = RequestIds(Starlette(routes=[Route("/", bound)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
        answer = await client.get("/", headers={"x-request-id": "mine"})
    assert answer.headers["x-request-id"] == "mine"
    assert answer.json() == {"request_id": "mine", "principal": "anonymous"}
    assert structlog.contextvars.get_contextvars() == {}
