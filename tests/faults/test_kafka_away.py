"""Kafka that dies or hangs under the timeline service's processes: what they say, and how they end."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator

import httpx
import psutil
import pytest
from tests.support.inputs.log_writing import open_log, recording
from tests.support.running.engines import OwnEngine, own_kafka
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.waiting import wait_until

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess
from timeline_service.adapters.kafka.reader import KafkaReader
from timeline_service.adapters.kafka.scan import open_scan
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.errors import UnavailableError
from timeline_service.replay.loading.partition_load import PartitionLoad
from timeline_service.replay.loading.workers import start_workers
from timeline_service.settings import Settings

QUICK = {"TIMELINE_STALL_SECONDS": "1"}


@pytest.fixture(scope="module")
async def engine() -> AsyncIterator[OwnEngine]:
    """One Kafka for the tests of this file, each of which finds it running."""
    async with own_kafka() as engine:
        yield engine


@pytest.fixture
async def broker(services: Services, engine: OwnEngine) -> AsyncIterator[OwnEngine]:
    """A Kafka to do harm to, which the services are told of, with their topic and some records."""
    services.bootstrap_servers = engine.address
    await create_topic(KafkaAccess(engine.address), services.topic, partitions=3)
    async with open_log(engine.address, services.topic) as log:
        await log.append(*(recording(f"event {number}") for number in range(60)))
    services.migrate()
    yield engine
    if engine.process.pid() is None:
        await engine.start()
    engine.resume()


def connections(pid: int, address: str) -> int:
    """How many connections a process has to a server."""
    port = int(address.rpartition(":")[2])
    found = psutil.Process(pid).net_connections("tcp")
    return sum(bool(each.raddr) and each.raddr.port == port and each.status == "ESTABLISHED" for each in found)


async def test_a_client_is_let_go_while_it_waits_to_fetch_again(services: Services, broker: OwnEngine) -> None:
    reader = KafkaReader(KafkaAccess(broker.address), services.topic, "readers")
    await reader.start()
    for partition in reader.partitions():
        reader.begin(partition, 0)
    await reader.read(10)
    with pytest.raises(UnavailableError, match="Kafka is out of reach: no records"):
        await read_on(services, broker)
    await reader.stop()
    assert not connections(os.getpid(), broker.address)


async def read_on(services: Services, broker: OwnEngine) -> None:
    """Read beyond what there is, while the broker dies."""
    async with open_scan(KafkaAccess(broker.address), services.topic, patience=0.3) as scan:
        async for _ in scan.read(0, 0, 100_000):
            await broker.kill()


async def test_a_projector_outlives_an_outage_of_kafka(services: Services, broker: OwnEngine) -> None:
    projector = await services.projector(**QUICK)
    await projected(services)
    pid = projector.pid
    await broker.kill()
    await wait_until(lambda: "Kafka is out of reach" in projector.log, 40)
    await wait_until(lambda: "does not answer" in projector.log, 40)  # it has begun anew
    await broker.start()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*(recording(f"after {number}") for number in range(60)))
        await projected(services)
    assert projector.pid == pid


@pytest.mark.parametrize("how", ["dead", "frozen"])
async def test_a_signal_ends_every_process_in_order_while_kafka_is_away(
    services: Services, broker: OwnEngine, how: str
) -> None:
    service = await services.timeline()
    children = [await child(services, name) for name in ("project", "replayer")]
    await projected(services)
    async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:
        assert (await client.get("/v1/status")).status_code == 200  # it has a connection
    if how == "dead":
        await broker.kill()
    else:
        broker.pause()
    begun = time.monotonic()
    for each in children:
        each.send_signal(signal.SIGTERM)
    service.signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        assert [await each.wait() for each in children] == [0, 0]
    await service.ended()
    assert time.monotonic() - begun < 20
    logs = [(services.state_dir / f"{name}.child.log").read_text() for name in ("project", "replayer")]
    assert all("event=stopped" in log and "Traceback" not in log for log in logs), logs
    assert "Traceback" not in service.log


async def child(services: Services, command: str) -> asyncio.subprocess.Process:
    """A process as a child of the test, which can see its exit status."""
    with open(services.state_dir / f"{command}.child.log", "wb") as output:  # noqa: ASYNC230
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "timeline_service.cli", command),
            env={**os.environ, **services.environment()},
            stderr=output,
        )


async def test_an_export_is_cut_off_when_kafka_dies_under_it(services: Services, broker: OwnEngine) -> None:
    await append_much(services)
    service = await services.timeline(**QUICK)
    async with (
        httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client,
        client.stream("GET", "/v1/log/export", params={"partition": 0}) as answer,
    ):
        assert answer.status_code == 200
        pieces = answer.aiter_raw()
        await anext(pieces)
        await broker.kill()
        with pytest.raises(httpx.RemoteProtocolError):
            await asyncio.wait_for(rest_of(pieces), 20)
    await wait_until(lambda: "Kafka is out of reach" in service.log)


async def test_a_service_leaves_an_export_for_which_a_frozen_kafka_gives_nothing(
    services: Services, broker: OwnEngine
) -> None:
    await append_much(services)
    service = await services.timeline()
    async with (
        httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client,
        client.stream(
            "GET", "/v1/log/export", params={"partition": 0}, headers={"accept-encoding": "identity"}
        ) as answer,
    ):
        pieces = answer.aiter_raw()
        while b'"position"' not in await anext(pieces):  # behind the header there are records: Kafka is being read
            continue
        broker.pause()
        draining = asyncio.create_task(rest_of(pieces))
        service.signal(signal.SIGTERM)
        with pytest.raises(httpx.RemoteProtocolError):
            await asyncio.wait_for(draining, 15)
    await service.ended(15)
    assert "no records of partition 0 for 2 s" in service.log


async def append_much(services: Services) -> None:
    """Append more to partition 0 than is read at once."""
    async with open_log(services.bootstrap_servers, services.topic) as log:
        for _ in range(40):
            await log.append_bytes(None, os.urandom(500_000), (), partition=0)


async def rest_of(pieces: AsyncIterator[bytes]) -> None:
    """Take what is left of a body."""
    async for _ in pieces:
        pass


async def test_a_worker_says_that_kafka_is_away(
    services: Services, broker: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMELINE_STALL_SECONDS", "1")
    settings = Settings(kafka=KafkaAccess(broker.address), topic=services.topic, database_url=services.database_url)
    load = PartitionLoad(generation_schema(1), 0, 100_000, 3, "", "x")  # more than there is: it waits for the rest
    async with start_workers(settings, 1) as workers:
        loading = asyncio.create_task(workers.load([load], lambda *_: None))
        alive = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
        (worker,) = (each for each in alive if "timeline_service.replay.loading.worker" in each.cmdline())
        await wait_until(lambda: connections(worker.pid, broker.address))
        await broker.kill()
        with pytest.raises(UnavailableError, match="Kafka is out of reach") as raised:
            await loading
    assert raised.type is UnavailableError
