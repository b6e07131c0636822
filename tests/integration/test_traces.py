"""One event followed from its POST through Kafka's headers to its projection and to who listens, by a real receiver."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from tests.support.clients.event_streams import listening
from tests.support.inputs.log_writing import read_log
from tests.support.running.processes import Services
from tests.support.waiting import wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


@dataclass(frozen=True)
class Received:
    """A span as the receiver was told of it."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    attributes: dict[str, str]


@dataclass
class Receiver:
    """An OTLP receiver (HTTP, protobuf), and what it has been sent."""

    url: str = ""
    spans: list[Received] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        """Read a request of the protocol."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            known = {item.key: item.value.string_value for item in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [
                    Received(
                        known["service.name"],
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        {item.key: item.value.string_value for item in span.attributes},
                    )
                    for span in scope.spans
                ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.take(self.rfile.read(int(self.headers["content-length"])))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield received
        server.shutdown()
        thread.join()


async def test_an_event_is_followed_from_its_post_to_who_listens(services: Services, receiver: Receiver) -> None:
    wanted = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    services.migrate()
    await services.projector(**wanted)
    ingest, timeline = await services.ingest(**wanted), await services.timeline(**wanted)
    event = {"title": "followed", "when": "2020", "countries": ["IND", "CHN"], "type": "ban"}
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
        listening(client, f"{timeline.url}/v1/live") as listener,
    ):
        position = (await client.post(f"{ingest.url}/v1/events", json=event, headers=headers)).json()["position"]
        await listener.at(position)

    def names() -> set[str]:
        return {span.name for span in receiver.spans if span.trace == TRACE}

    await wait_until(lambda: names() == {"POST /v1/events", "append", "project", "push"})
    post, append, project, push = (
        next(span for span in receiver.spans if span.name == name)
        for name in ("POST /v1/events", "append", "project", "push")
    )
    assert [span.service for span in (post, append, project, push)] == [
        "dyadline-ingest", "dyadline-ingest", "dyadline-projector", "dyadline-timeline",
    ]  # fmt: skip
    assert (post.parent, append.parent, project.parent, push.parent) == (CALLER, post.span, append.span, project.span)
    assert {span.attributes["dyadline.position"] for span in (post, project, push)} == {position}
    (record,) = await read_log(services.bootstrap_servers, services.topic)
    assert dict(record.headers)["traceparent"].decode() == f"00-{TRACE}-{append.span}-01"
    assert f"trace_id={TRACE}" in ingest.log
    assert "followed" not in str(receiver.spans)  # an event's words are nobody's business there


async def test_nothing_of_it_is_in_a_record_unless_it_is_wanted(services: Services) -> None:
    ingest = await services.ingest()
    event = {"title": "alone", "when": "2020", "countries": ["IND", "CHN"], "type": "ban"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
        assert (await client.post(f"{ingest.url}/v1/events", json=event, headers=headers)).status_code == 201
    (record,) = await read_log(services.bootstrap_servers, services.topic)
    assert [name for name, _ in record.headers] == ["content-type"]


async def test_a_receiver_that_is_away_holds_nothing_up(services: Services) -> None:
    ingest = await services.ingest(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", OTEL_BSP_SCHEDULE_DELAY="100")
    event = {"title": "alone", "when": "2020", "countries": ["IND", "CHN"], "type": "ban"}
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        for _ in range(3):
            assert (await client.post(f"{ingest.url}/v1/events", json=event)).status_code == 201
