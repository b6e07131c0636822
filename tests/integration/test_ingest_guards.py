"""What reaches the ingest service over a real socket, and what of its answers reaches the sender."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from tests.support.running.engines import Engines
from tests.support.running.ingesting import JSON, NDJSON, an_event
from tests.support.running.processes import Service, Services
from tests.support.running.session_folder import session_folder

from ingest_service.api.problems import KINDS
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess
from service_edge.problems import COMMON

ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CHUNKED = (
    b"POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
LARGE = b" " * 10_000_000


@pytest.fixture(scope="module")
async def ingest(engines: Engines) -> AsyncIterator[Service]:
    """One process for the whole module: nothing here harms it."""
    topic = f"test.{uuid4().hex}"
    await create_topic(KafkaAccess(engines.bootstrap_servers), topic, partitions=3)
    with TemporaryDirectory(prefix="services-", dir=session_folder()) as folder:
        services = Services(Path(folder), engines.bootstrap_servers, topic, engines.database_url)
        yield await services.ingest()
        await services.stop()


@pytest.fixture
async def client(ingest: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=ingest.url, timeout=30, trust_env=False) as client:
        yield client


async def refused(client: httpx.AsyncClient, answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem in an answer, whose type resolves to a page that explains it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    page = await client.get(problem["type"])
    assert page.status_code == 200
    assert problem["title"] in html.unescape(page.text)
    return problem


async def say(url: str, request: bytes) -> bytes:
    """Send bytes on a connection of their own; returns all that is answered until it is closed."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_refusal_reaches_the_sender_of_ten_megabytes(client: httpx.AsyncClient) -> None:
    for headers, status in (
        (JSON, 413),
        ({"content-type": "text/plain"}, 415),
        ({**JSON, "host": "evil.example"}, 421),
        ({**JSON, "origin": "https://evil.example"}, 403),
        ({**JSON, "content-encoding": "gzip"}, 415),
    ):
        await refused(client, await client.post("/v1/events", content=LARGE, headers=headers), status)
    for path in (f"/v1/events/{ID}/corrections", f"/v1/events/{ID}/retractions"):
        await refused(client, await client.post(path, content=LARGE, headers=JSON), 413)
    answer = await client.post("/v1/events", content=LARGE[:9_000_000] + b"{}", headers=NDJSON)
    line, summary = map(orjson.loads, answer.text.splitlines())
    assert (line["line"], line["status"], summary["refused"]) == (1, 413, 1)
    assert (await client.post("/v1/events", json=an_event())).status_code == 201


async def test_a_body_in_pieces_and_one_that_waits_to_be_asked_for_are_taken(ingest: Service) -> None:
    event = orjson.dumps(an_event())
    head = b"POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n"
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in event) + b"0\r\n\r\n"
    answer = await say(ingest.url, head + b"transfer-encoding: chunked\r\n\r\n" + pieces)
    assert answer.startswith(b"HTTP/1.1 201 "), answer
    answer = await say(ingest.url, head + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(event) + event)
    assert re.match(rb"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ", answer), answer


@pytest.mark.parametrize(
    "start",
    [
        b"GET /healthz?",
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ",
        CHUNKED + b"1;",
        CHUNKED + b"1\r\n\n\r\n0\r\nx: ",
    ],
)
async def test_what_goes_on_without_an_end_before_or_behind_a_body_is_cut(ingest: Service, start: bytes) -> None:
    for more in (b"x" * 1_000_000, (b"y" * 1_000 + b"\r\nx: ") * 1_000):
        try:
            answer = await say(ingest.url, start + more)
        except ConnectionError:  # it was closed before everything was sent, and the answer lost on its way
            continue
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), answer[:200]


async def test_a_request_without_a_host_is_kept_out(ingest: Service) -> None:
    answer = await say(ingest.url, b"GET /openapi.json HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421 "), answer
    answer = await say(ingest.url, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 "), answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8001", "127.8.8.8"])
async def test_every_name_of_this_machine_is_answered(client: httpx.AsyncClient, host: str) -> None:
    answer = await client.post("/v1/events?validate=only", json=an_event(), headers={"host": host})
    assert answer.status_code == 200
    answer = await client.post(
        "/v1/events?validate=only", json=an_event(), headers={"host": host, "origin": f"http://{host}"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "[", "10.0.0.7"])
async def test_every_other_name_is_kept_out_but_of_the_probes(client: httpx.AsyncClient, host: str) -> None:
    for path in ("/v1/events", "/docs", "/nothing"):
        answer = await client.get(path, headers={"host": host})
        assert answer.status_code == 421, path
        assert answer.json()["type"] == "/problems/foreign-host"
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await client.get(path, headers={"host": host})).status_code == 200


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1", "https://127.0.0.1:{port}"])
async def test_a_foreign_page_may_read_but_not_write(client: httpx.AsyncClient, origin: str) -> None:
    headers = {"origin": origin.format(port=client.base_url.port)}
    for path in ("/v1/events", f"/v1/events/{ID}/corrections", f"/v1/events/{ID}/retractions"):
        problem = await refused(client, await client.post(path, json=an_event(), headers=headers), 403)
        assert "ALLOWED_ORIGINS" in problem["detail"]
    assert (await client.get("/openapi.json", headers=headers)).status_code == 200


async def test_hosts_and_origins_are_allowed_by_settings(services: Services) -> None:
    allowed = {
        "INGEST_ALLOWED_HOSTS": "ingest.example, other.example",
        "INGEST_ALLOWED_ORIGINS": "https://page.example",
    }
    ingest = await services.ingest(**allowed)
    async with httpx.AsyncClient(base_url=ingest.url, timeout=30, trust_env=False) as client:
        for host in ("ingest.example", "Other.example:8001"):
            headers = {"host": host, "origin": "https://page.example"}
            answer = await client.post("/v1/events?validate=only", json=an_event(), headers=headers)
            assert answer.status_code == 200
        assert (await client.get("/docs", headers={"host": "third.example"})).status_code == 421


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"])
async def test_head_answers_as_get_does_but_for_the_body(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.head(path)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-type"] == (await client.get(path)).headers["content-type"]


async def test_other_methods_and_addresses_are_problems(client: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/v1/events"), ("PUT", "/v1/events"), ("OPTIONS", "/v1/events"), ("POST", "/healthz")):
        answer = await client.request(method, path, headers=JSON)
        problem = await refused(client, answer, 405)
        assert answer.headers["allow"] in {"POST", "GET, HEAD"}
        assert problem["detail"].endswith(f"use {answer.headers['allow']}")
    for path in ("/", "/v1", "/v1/events/7", "/problems/nothing", f"/v1/events/{ID}", "/%FF"):
        await refused(client, await client.get(path), 404)


async def test_parameters_of_every_post_are_read_strictly(client: httpx.AsyncClient) -> None:
    change = f"/v1/events/{ID}/retractions"
    for path, name in (
        ("/v1/events?validate=other", "validate"),
        ("/v1/events?validate=", "validate"),
        ("/v1/events?validate=only&validate=only", "validate"),
        ("/v1/events?results=none", "results"),
        ("/v1/events?dry_run=1", "dry_run"),
        ("/v1/events?Validate=only", "Validate"),
        (f"{change}?validate=only", "validate"),
        ("/v1/events/7/retractions", "event_id"),
    ):
        problem = await refused(client, await client.post(path, json={"reason": "r"}), 400)
        assert name in problem["errors"][0]["pointer"], problem
    for path in ("/healthz?x=1", "/readyz?x=1", "/metrics?x=1"):
        await refused(client, await client.get(path), 400)


async def test_every_type_of_problem_has_a_page(client: httpx.AsyncClient) -> None:
    for kind in (*COMMON, *KINDS):
        page = await client.get(kind.uri)
        assert page.status_code == 200
        assert kind.title in html.unescape(page.text)


async def test_what_is_done_is_counted(client: httpx.AsyncClient) -> None:
    before = await counts(client)
    await client.post("/v1/events", json=an_event())
    await client.post("/v1/events", json=[an_event("a"), {}, an_event("b")])
    await client.post("/v1/events", content=b"{}\n" + orjson.dumps(an_event()) + b"\n{", headers=NDJSON)
    await client.post("/v1/events", content=b"{", headers=JSON)
    await client.post(f"/v1/events/{ID}/retractions", json={"reason": "r"})
    after = await counts(client)
    grown = {name: after[name] - before[name] for name in after}
    assert grown['ingest_events_total{outcome="recorded"}'] == 5
    assert grown['ingest_events_total{outcome="refused"}'] == 4
    assert grown['ingest_events_total{outcome="unknown"}'] == 0
    assert grown["ingest_append_seconds_count"] == 4


async def counts(client: httpx.AsyncClient) -> dict[str, float]:
    """The service's own metrics."""
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = (line.rpartition(" ") for line in answer.text.splitlines() if line.startswith("ingest_"))
    return {name: float(value) for name, _, value in lines}
