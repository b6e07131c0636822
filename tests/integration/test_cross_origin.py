"""What pages of other origins are told by both services, over real sockets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from tests.support.running.engines import Engines
from tests.support.running.ingesting import an_event
from tests.support.running.timeline_stacks import timeline_stack

WRITER, READER, STRANGER = "https://writer.example", "http://reader.example:3000", "https://stranger.example"
TIMELINE = "/v1/timelines/ARG-BRA"


@dataclass(frozen=True, slots=True)
class Services:
    """Both services with origins named, a timeline service that any page may read, and both without settings."""

    ingest: httpx.AsyncClient
    timeline: httpx.AsyncClient
    open: httpx.AsyncClient
    closed: tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def services(engines: Engines) -> AsyncIterator[Services]:
    async with timeline_stack(engines) as stack:
        spawn = stack.services
        started = [
            await spawn.ingest(INGEST_ALLOWED_ORIGINS=WRITER),
            await spawn.timeline(
                "named", TIMELINE_ALLOWED_ORIGINS=f"{WRITER},https://other.example", TIMELINE_READING_ORIGINS=READER
            ),
            await spawn.timeline("open", TIMELINE_ALLOWED_ORIGINS=WRITER, TIMELINE_READING_ORIGINS="*"),
            await spawn.ingest("closed"),
        ]
        clients = [httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) for service in started]
        yield Services(clients[0], clients[1], clients[2], (clients[3], stack.client))
        for client in clients:
            await client.aclose()


async def preflight(
    client: httpx.AsyncClient, path: str, origin: str, method: str, headers: str = ""
) -> httpx.Response:
    asked = {"access-control-request-headers": headers} if headers else {}
    return await client.options(path, headers={"origin": origin, "access-control-request-method": method, **asked})


def allowed(answer: httpx.Response) -> str | None:
    """The origin that may see an answer; also checks that nobody is asked for credentials."""
    assert "access-control-allow-credentials" not in answer.headers
    origin: str | None = answer.headers.get("access-control-allow-origin")
    return origin


def names(answer: httpx.Response, header: str) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get(header, "").split(",")}


async def test_a_named_page_may_write(services: Services) -> None:
    for client in (services.ingest, services.timeline, services.open):
        answer = await preflight(client, "/v1/events", WRITER, "POST", "content-type,idempotency-key")
        assert (answer.status_code, answer.content) == (204, b"")
        assert allowed(answer) in {WRITER, "*"}
        assert {"post", "get", "delete"} <= names(answer, "access-control-allow-methods")
        assert {"content-type", "idempotency-key"} <= names(answer, "access-control-allow-headers")
        assert int(answer.headers["access-control-max-age"]) > 0
    answer = await services.ingest.post("/v1/events", json=an_event(), headers={"origin": WRITER})
    assert answer.status_code == 201
    assert allowed(answer) == WRITER
    assert names(answer, "vary") == {"origin"}
    assert {"location", "timeline-position", "retry-after"} <= names(answer, "access-control-expose-headers")


async def test_a_reading_page_reads_and_no_more(services: Services) -> None:
    asked = ", ".join(("Last-Event-ID", "Timeline-Position", "If-None-Match", "Accept"))
    answer = await preflight(services.timeline, TIMELINE, READER, "GET", asked)
    assert answer.status_code == 204
    assert allowed(answer) == READER
    assert names(answer, "access-control-allow-methods") == {"get", "head"}
    assert {name.lower() for name in asked.split(", ")} <= names(answer, "access-control-allow-headers")
    answer = await services.timeline.get(TIMELINE, headers={"origin": READER})
    assert (answer.status_code, allowed(answer)) == (200, READER)
    assert {"etag", "link"} <= names(answer, "access-control-expose-headers")
    again = await services.timeline.get(TIMELINE, headers={"origin": READER, "if-none-match": answer.headers["etag"]})
    assert (again.status_code, allowed(again)) == (304, READER)
    assert "origin" in names(again, "vary")
    answer = await services.timeline.post("/v1/parked/0:0/redrive", json={}, headers={"origin": READER})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-origin")
    assert allowed(answer) == READER  # it may at least see why


async def test_a_stranger_is_told_nothing(services: Services) -> None:
    for client, origin in (
        (services.timeline, STRANGER),
        (services.timeline, "null"),
        (services.timeline, WRITER.upper()),
        (services.timeline, f"{WRITER}.evil.example"),
        (services.ingest, READER),
    ):
        answer = await preflight(client, "/v1/types", origin, "GET")
        assert (answer.status_code, allowed(answer)) == (405, None)
        answer = await client.get("/healthz", headers={"origin": origin})
        assert (answer.status_code, allowed(answer)) == (200, None)
        assert "access-control-expose-headers" not in answer.headers
        assert "origin" in names(answer, "vary")  # a cache must not give this answer to a page that may
    answer = await services.ingest.post("/v1/events", json=an_event(), headers={"origin": STRANGER})
    assert (answer.status_code, allowed(answer)) == (403, None)


async def test_answers_to_nobody_in_particular_vary_too(services: Services) -> None:
    answer = await services.timeline.get(TIMELINE)
    assert allowed(answer) is None
    assert "origin" in names(answer, "vary")


async def test_refusals_can_be_read_by_the_page(services: Services) -> None:
    for path, host, status in (
        ("/v1/nothing", "localhost", 404),
        ("/v1/types?x=1", "localhost", 400),
        ("/", "e.x", 421),
    ):
        answer = await services.timeline.get(path, headers={"origin": READER, "host": host})
        assert (answer.status_code, allowed(answer)) == (status, READER)
        assert answer.headers["content-type"] == "application/problem+json"
    answer = await services.ingest.post("/v1/events", json={}, headers={"origin": WRITER})
    assert (answer.status_code, allowed(answer)) == (422, WRITER)


@pytest.mark.parametrize("origin", [STRANGER, "null", WRITER, None])
async def test_any_page_reads_where_all_may(services: Services, origin: str | None) -> None:
    headers = {"origin": origin} if origin else {}
    answer = await services.open.get(TIMELINE, headers=headers)
    assert (answer.status_code, allowed(answer)) == (200, "*")
    assert "origin" not in names(answer, "vary")
    if origin:
        answer = await preflight(services.open, TIMELINE, origin, "GET", "timeline-position")
        assert (answer.status_code, allowed(answer)) == (204, "*")
        answer = await services.open.post("/v1/parked/0:0/redrive", json={}, headers=headers)
        assert answer.status_code == (404 if origin == WRITER else 403)
        may_write = "post" in names(await preflight(services.open, "/", origin, "POST"), "access-control-allow-methods")
        assert may_write == (origin == WRITER)


async def test_without_settings_nothing_is_said(services: Services) -> None:
    for client, path, allow in zip(services.closed, ("/v1/events", TIMELINE), ("POST", "GET, HEAD"), strict=True):
        answers = [
            await preflight(client, path, WRITER, "POST", "content-type"),
            await client.options(path),
            await client.get("/healthz", headers={"origin": WRITER}),
            await client.get(
                "/openapi.json", headers={"origin": f"http://{client.base_url.host}:{client.base_url.port}"}
            ),
            await client.post(path, json={}, headers={"origin": WRITER}),
        ]
        assert [answer.status_code for answer in answers] == [405, 405, 200, 200, 403]
        for answer in answers:
            assert not any(name.startswith("access-control-") for name in answer.headers)
            assert "origin" not in names(answer, "vary")
        assert answers[0].headers["allow"] == answers[1].headers["allow"] == allow


async def test_options_without_a_question_is_a_405_everywhere(services: Services) -> None:
    answer = await services.timeline.options(TIMELINE, headers={"origin": READER})
    assert (answer.status_code, answer.headers["allow"], allowed(answer)) == (405, "GET, HEAD", READER)
