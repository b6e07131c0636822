"""A timeline service on filled tables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from tests.bench.own_services import own_services
from tests.bench.reads.filled_tables import fill_tables
from tests.bench.reads.reading_client import Places, ReadingClient, find_places
from tests.support.running.engines import Engines
from tests.support.running.processes import Service
from tests.support.waiting import wait_until


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
    async with own_services(engines) as services:
        await fill_tables(services.database_url, events)
        service = await services.timeline()
        connection = await asyncpg.connect(services.database_url, server_settings={"jit": "off"})
        client = ReadingClient(service.url)
        try:
            await wait_until(lambda: _has_secret(connection), 30)
            yield FilledService(services.database_url, service, client, connection, await find_places(connection))
        finally:
            client.close()
            await connection.close()


async def _has_secret(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return bool(await connection.fetchval("select exists (select from timeline.secrets where name = 'cursors')"))
