"""The ingest service within the test's own process, on a real Kafka."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from httpx import ASGITransport
from tests.support.waiting import wait_until

from ingest_service.app import create_app
from ingest_service.settings import Settings
from service_edge.kafka_access import KafkaAccess

TIMELINE_URL: Final = "http://127.0.0.1:18002"
NDJSON: Final = {"content-type": "application/x-ndjson"}
JSON: Final = {"content-type": "application/json"}


def an_event(title: str = "a ban", **fields: Any) -> dict[str, Any]:
    """An event as people post it."""
    return {"title": title, "when": "2020-06-29", "countries": ["IN", "CN"], "type": "ban", **fields}


@asynccontextmanager
async def ingest_client(
    kafka: str | KafkaAccess, topic: str, *, ready: bool = True, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app of its own, which is ready unless told otherwise."""
    access = KafkaAccess(kafka) if isinstance(kafka, str) else kafka
    app = create_app(Settings(kafka=access, topic=topic, timeline_url=TIMELINE_URL, **settings))
    transport = ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001", timeout=60) as client,
    ):
        if ready:
            await until_ready(client)
        yield client


async def until_ready(client: httpx.AsyncClient, *, ready: bool = True) -> None:
    """Wait until the service says that it is ready, or that it is not."""

    async def says_so() -> bool:
        return (await client.get("/readyz")).is_success == ready

    await wait_until(says_so)
