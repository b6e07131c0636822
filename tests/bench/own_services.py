"""Databases and services of one's own on engines that a whole run shares."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from tests.support.running.engines import Engines
from tests.support.running.processes import Services
from tests.support.running.session_folder import session_folder

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess


@asynccontextmanager
async def own_database(engines: Engines) -> AsyncIterator[str]:
    """The URL of an empty database, which is gone at the end."""
    database = f"bench_{uuid4().hex}"
    await _execute(engines.database_url, f"create database {database}")
    try:
        yield f"{engines.database_url.rpartition('/')[0]}/{database}"
    finally:
        await _execute(engines.database_url, f"drop database {database} with (force)")


@asynccontextmanager
async def own_services(engines: Engines) -> AsyncIterator[Services]:
    """Services on a log and a database of their own, stopped at the end."""
    topic = await own_topic(engines)
    async with own_database(engines) as url:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=session_folder()) as folder:
            services = Services(Path(folder), engines.bootstrap_servers, topic, url)
            try:
                yield services
            finally:
                await services.stop()


async def own_topic(engines: Engines) -> str:
    """A topic that nothing else writes to."""
    topic = f"bench.{uuid4().hex}"
    await create_topic(KafkaAccess(engines.bootstrap_servers), topic)
    return topic


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
