"""What both services do at their edge, without anything behind them."""

import httpx
import pytest
from fastapi import FastAPI

from ingest_service.app import create_app as ingest_app
from ingest_service.settings import Settings as IngestSettings
from timeline_service.app import create_app as timeline_app
from timeline_service.settings import Settings as TimelineSettings


@pytest.fixture(params=["ingest", "timeline"])
def app(request: pytest.FixtureRequest) -> FastAPI:
    return ingest_app(IngestSettings()) if request.param == "ingest" else timeline_app(TimelineSettings())


def client_of(app: FastAPI, host: str = "127.0.0.1") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{host}")


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", "/problems/not-found"])
async def test_head_is_answered_where_get_is(app: FastAPI, path: str) -> None:
    async with client_of(app) as client:
        assert (await client.head(path)).status_code == 200


async def test_another_method_is_told_which_ones_there_are(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await client.put("/healthz")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.json()["detail"] == "this address does not take this method: use GET, HEAD"


async def test_the_probes_and_metrics_answer_any_host(app: FastAPI) -> None:
    async with client_of(app, "timeline-service") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.put("/metrics")).status_code == 405  # let in, and known
        assert (await client.get("/docs")).status_code == 421


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("OPTIONS", "/post", "GET, HEAD, POST"),
        ("PUT", "/post", "GET, HEAD, POST"),
        ("GET", "/audit/replays", "POST"),
        ("HEAD", "/audit/replays", "POST"),
        ("DELETE", "/audit/1b4e28ba-2fa1-11d2-883f-0016d3cca427", "GET, HEAD"),
    ],
)
async def test_allow_lists_what_an_address_takes_in_pages_too(method: str, path: str, allow: str) -> None:
    app = timeline_app(TimelineSettings())
    app.state.holdings = None  # none of these looks at what it holds
    async with client_of(app) as client:
        answer = await client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allow)
        assert (await client.get("/audit/nothing")).status_code == 400


@pytest.mark.parametrize(
    "hosts",
    [
        ["127.0.0.1:8502/x"],
        ["user@127.0.0.1"],
        ["localhost:<script>"],
        ["[::1]evil"],
        ["localhost:99999999"],
        ["localhost:65536"],
        ["localhost#"],
        ["localhost localhost"],
        ["localhost", "localhost"],
        ["localhost", "evil.example"],
        [""],
    ],
)
async def test_a_host_that_is_not_one_is_answered_as_a_foreign_one_is(app: FastAPI, hosts: list[str]) -> None:
    async with client_of(app) as client:
        answer = await client.get("/docs", headers=[("host", host) for host in hosts])
    assert answer.status_code == 421
    assert "is not one name or address, with perhaps a port: use 127.0.0.1" in answer.json()["detail"]


async def test_two_origins_are_a_foreign_one() -> None:
    allowed = "https://page.example"
    async with client_of(ingest_app(IngestSettings(allowed_origins=(allowed,)))) as client:
        for second, status in ((None, 415), ("https://evil.example", 403), (allowed, 403)):
            headers = [("origin", origin) for origin in (allowed, second) if origin is not None]
            answer = await client.post("/v1/events", content=b"x", headers=[*headers, ("content-type", "text/plain")])
            assert answer.status_code == status
            assert ("access-control-expose-headers" in answer.headers) == (status == 415)
