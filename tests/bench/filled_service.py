"""A timeline service on filled tables."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
from tests.bench.filled_tables import fill_tables
from tests.bench.reading_client import Places, ReadingClient, find_places
from tests.support.running.engines import Engines
from tests.support.running.processes import Service, Services
from tests.support.running.session_folder import session_folder
from tests.support.waiting import wait_until

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess


@dataclass(frozen=True, slots=True)
class FilledService:
    """A timeline service on a filled database, with a connection to each."""

    url: str
    service: Service
    client: ReadingClient
    connection: "asyncpg.Connection[asyncpg.Record]"
    places: Places


@asynccontextmanager
async def filled_service(engines: Engines, events: int) -> AsyncIterator[FilledService]:
    """A service that is ready, on a database of its own that is gone at the end."""
    database, topic = f"bench_{uuid4().hex}", f"bench.{uuid4().hex}"
    url = f"{engines.database_url.rpartition('/')[0]}/{database}"
    await create_topic(KafkaAccess(engines.bootstrap_servers), topic)
    await _execute(engines.database_url, f"create database {database}")
    with tempfile.TemporaryDirectory(prefix="bench-", dir=session_folder()) as folder:
        services = Services(Path(folder), engines.bootstrap_servers, topic, url)
        try:
            await fill_tables(url, events)
            service = await services.timeline()
            connection = await asyncpg.connect(url, server_settings={"jit": "off"})
            client = ReadingClient(service.url)
            try:
                await wait_until(lambda: _has_secret(connection), 30)
                yield FilledService(url, service, client, connection, await find_places(connection))
            finally:
                client.close()
                await connection.close()
        finally:
            await services.stop()
            await _execute(engines.database_url, f"drop database {database} with (force)")


async def _has_secret(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return bool(await connection.fetchval("select exists (select from timeline.secrets where name = 'cursors')"))


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
