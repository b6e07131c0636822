"""A projector and a timeline service on a log of their own, for a module of tests that only add events to it."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from tests.support.inputs.log_writing import LogWriter, open_log
from tests.support.running.engines import Engines
from tests.support.running.processes import Services
from tests.support.running.session_folder import session_folder

from event_schemas.positions import format_positions, parse_position
from event_schemas.records import Record
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess


@dataclass(slots=True)
class TimelineStack:
    """What runs, a writer to its log, and a client of its API."""

    services: Services
    log: LogWriter
    client: httpx.AsyncClient

    async def append(self, *records: Record) -> str:
        """Append records; returns the `Timeline-Position` at which all of them are projected."""
        ends: dict[int, int] = {}
        for position in await self.log.append(*records):
            partition, offset = parse_position(position)
            ends[partition] = max(offset, ends.get(partition, 0))
        return format_positions(ends)

    async def get(self, path: str, position: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The body of a 200; a parameter `from_` is sent as `from`."""
        given = {name.rstrip("_"): value for name, value in parameters.items() if value is not None}
        headers = {"timeline-position": position} if position else {}
        response = await self.client.get(path, params=given or None, headers=headers)  # {} would drop the path's own
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def refusal(self, path: str, **headers: str) -> dict[str, Any]:
        """The problem that answers a GET."""
        response = await self.client.get(path, headers=headers)
        assert response.headers["content-type"] == "application/problem+json", response.text
        problem: dict[str, Any] = response.json()
        assert problem["status"] == response.status_code
        page = await self.client.get(problem["type"])
        assert page.status_code == 200
        assert problem["title"] in page.text
        return problem


@asynccontextmanager
async def timeline_stack(engines: Engines, **environment: str) -> AsyncIterator[TimelineStack]:
    """Start one, its timeline service with more settings; it is stopped, and its database dropped, at the end."""
    topic, database = f"test.{uuid4().hex}", f"test_{uuid4().hex}"
    await create_topic(KafkaAccess(engines.bootstrap_servers), topic, partitions=3)
    await _execute(engines.database_url, f"create database {database}")
    url = f"{engines.database_url.rpartition('/')[0]}/{database}"
    with tempfile.TemporaryDirectory(prefix="services-", dir=session_folder()) as folder:
        services = Services(Path(folder), engines.bootstrap_servers, topic, url)
        try:
            services.migrate()
            await services.projector()
            service = await services.timeline(**environment)
            async with (
                open_log(engines.bootstrap_servers, topic) as log,
                httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client,
            ):
                yield TimelineStack(services, log, client)
        finally:
            await services.stop()
            await _execute(engines.database_url, f"drop database {database} with (force)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
