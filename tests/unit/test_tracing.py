"""Traces: spans below those of callers and of records, and nothing at all where they are not wanted."""

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from service_edge.request_traces import RequestTraces
from service_edge.tracing import is_tracing, parent_of, start_tracing, stop_tracing, traced, traceparent

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    start_tracing("test", exporter)
    yield exporter
    stop_tracing()


async def asked(path: str, **headers: str) -> httpx.Response:
    async def answer(_: Request) -> JSONResponse:
        with traced("inside", "producer"):
            return JSONResponse({"told": traceparent()}, headers={"timeline-position": "0:1"})

    app = Starlette(routes=[Route("/things/{name}", answer)])
    transport = httpx.ASGITransport(RequestTraces(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


async def test_a_request_goes_on_below_its_caller_and_is_named_by_its_route(spans: InMemorySpanExporter) -> None:
    told = (await asked("/things/a-name?x=a-secret", traceparent=CALLER)).json()["told"]
    inside, request = spans.get_finished_spans()
    assert request.name == "GET /things/{name}"
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["dyadline.position"] == "0:1"
    assert inside.parent is not None
    assert inside.parent.span_id == request.context.span_id
    assert told == f"00-{TRACE}-{inside.context.span_id:016x}-01"
    assert "secret" not in request.to_json()


@pytest.mark.parametrize("header", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "ff" + CALLER[2:]])
async def test_a_header_that_names_no_span_begins_a_trace(spans: InMemorySpanExporter, header: str) -> None:
    await asked("/things/a-name", traceparent=header)
    assert spans.get_finished_spans()[-1].parent is None


async def test_what_the_caller_does_not_keep_is_not_kept(spans: InMemorySpanExporter) -> None:
    assert (await asked("/things/a-name", traceparent=CALLER[:-1] + "0")).json()["told"] is None
    assert spans.get_finished_spans() == ()


async def test_nothing_is_traced_unless_it_is_wanted() -> None:
    assert not is_tracing()
    assert (await asked("/things/a-name", traceparent=CALLER)).json() == {"told": None}


def test_nothing_of_it_is_loaded_unless_it_is_wanted() -> None:
    script = "import sys; from service_edge.tracing import start_tracing; start_tracing('x'); print('opentelemetry' in "
    done = subprocess.run([sys.executable, "-c", script + "sys.modules)"], env={}, capture_output=True, check=True)
    assert done.stdout == b"False\n"


def test_a_setting_without_the_extra_is_an_error_that_names_it() -> None:
    script = "import sys; sys.modules['opentelemetry.sdk'] = None\nfrom service_edge.tracing import trace_process\n"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    command = [sys.executable, "-c", f"{script}trace_process('x')"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)
    assert done.returncode != 0
    assert "install dyadline-service-edge[traces]" in done.stderr


def test_the_span_of_a_record_is_in_its_headers_whoever_wrote_them() -> None:
    assert parent_of((("content-type", b"x"), ("traceparent", CALLER.encode()))) == CALLER
    assert parent_of((("traceparent", b"\xff"),)) is None
    assert parent_of((("traceparent", None),)) is None
    assert parent_of(()) is None
