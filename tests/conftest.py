"""Fixtures for every test. Engines start when the first test asks for them, and end with the run."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from tests.support.running.engines import Engines, shared_engines
from tests.support.running.nursery import close_nursery
from tests.support.running.processes import Services, last_words, spawned
from tests.support.running.session_folder import close_session_folder, open_session_folder, session_folder

from local_stack.processes import leave_running
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("dyadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dyadline")


def pytest_configure(config: pytest.Config) -> None:
    """The process that owns the run makes its folder; workers are told of it by the environment."""
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")  # no Kafka here lives long enough for more
    if not hasattr(config, "workerinput"):
        open_session_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Whatever was started ends here, also after Ctrl-C; what a worker has started ends with the run."""
    close_nursery()
    if hasattr(config, "workerinput"):
        leave_running()
    else:
        close_session_folder()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows the end of the log of each process that the test has spawned."""
    report = yield
    if report.failed:
        for process in spawned:
            report.sections.append((f"the end of the log of {process.name}", last_words(process)))
    return report


@pytest.fixture(scope="session")
async def engines() -> Engines:
    """The real Kafka and the real PostgreSQL that this run shares."""
    return await shared_engines()


@pytest.fixture
def kafka(engines: Engines) -> str:
    """The shared Kafka's bootstrap servers."""
    return engines.bootstrap_servers


@pytest.fixture
async def topic(kafka: str) -> str:
    """A topic of its own: three partitions, otherwise as the contract has it."""
    name = f"test.{uuid4().hex}"
    await create_topic(KafkaAccess(kafka), name, partitions=3)
    return name


@pytest.fixture
async def database_url(engines: Engines) -> AsyncIterator[str]:
    """An empty database of its own, dropped afterwards."""
    name = f"test_{uuid4().hex}"
    await _execute(engines.database_url, f"create database {name}")
    yield f"{engines.database_url.rpartition('/')[0]}/{name}"
    await _execute(engines.database_url, f"drop database {name} with (force)")


@pytest.fixture
async def services(kafka: str, topic: str, database_url: str) -> AsyncIterator[Services]:
    """Spawns the product's processes on the test's own topic and database, and stops them."""
    with tempfile.TemporaryDirectory(prefix="services-", dir=session_folder()) as folder:
        services = Services(Path(folder), kafka, topic, database_url)
        yield services
        await services.stop()


@pytest.fixture(autouse=True)
async def _no_loop_exceptions() -> AsyncIterator[None]:
    """An exception that nobody catches in the loop, or in a task that nobody awaits, fails the test."""
    spawned.clear()
    caught: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: caught.append(context))
    yield
    loop.set_exception_handler(None)
    if caught:
        first = caught[0].get("exception")
        raise AssertionError(f"unhandled in the loop: {caught}") from first


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
