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
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["detail"] == "this address does not take this method: use GET"


async def test_the_probes_and_metrics_answer_any_host(app: FastAPI) -> None:
    async with client_of(app, "timeline-service") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.put("/metrics")).status_code == 405  # let in, and known
        assert (await client.get("/docs")).status_code == 421
