"""What is asked of a service while an engine is away or frozen is answered soon, with what it knows."""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import httpx
import pytest
from tests.integration.test_process_probes import metrics
from tests.support.inputs.log_writing import open_log, recording
from tests.support.running.engines import OwnEngine, own_kafka, own_postgres
from tests.support.running.free_ports import free_port
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.waiting import wait_until

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess

#: A scrape waits a second for the engines; the rest is for a machine with much else to do.
SOON = 4.0
KINDS = ("timeline", "projector", "replayer")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
async def broker() -> AsyncIterator[OwnEngine]:
    async with own_kafka() as engine:
        yield engine


@pytest.mark.parametrize("how", ["dead", "frozen"])
async def test_scrapes_and_the_status_are_answered_soon_while_kafka_is_away(
    services: Services, broker: OwnEngine, client: httpx.AsyncClient, how: str
) -> None:
    services.bootstrap_servers = broker.address
    await create_topic(KafkaAccess(broker.address), services.topic, partitions=3)
    services.migrate()
    await services.projector()
    service = await services.timeline()
    async with open_log(broker.address, services.topic) as log:
        await log.append(recording("before"))
    await projected(services)
    found = await metrics(client, service.url)
    assert (found["dyadline_kafka_up"], found["dyadline_database_up"], found["dyadline_lag_records"]) == (1, 1, 0)
    if how == "dead":
        await broker.kill()
    else:
        broker.pause()

    async def told() -> bool:
        return (await metrics(client, service.url))["dyadline_kafka_up"] == 0

    await wait_until(told)
    begun = time.monotonic()
    answers = await asyncio.gather(*(client.get(f"{service.url}{path}") for path in ("/metrics", "/v1/status") * 5))
    assert time.monotonic() - begun < SOON
    assert {answer.status_code for answer in answers} == {200}
    assert answers[1].json()["lag"] is None
    found = await metrics(client, service.url)
    assert found["dyadline_kafka_up"] == 0
    assert math.isnan(found["dyadline_lag_records"])
    assert found["dyadline_database_up"] == 1
    if how == "dead":
        await broker.start()
    else:
        broker.resume()

    async def regained() -> bool:
        found = await metrics(client, service.url)
        return (found["dyadline_kafka_up"], found["dyadline_lag_records"]) == (1, 0)

    await wait_until(regained)


@pytest.mark.parametrize("how", ["dead", "frozen"])
async def test_a_scrape_is_answered_soon_while_the_database_is_away(
    services: Services, client: httpx.AsyncClient, how: str
) -> None:
    async with own_postgres() as database:
        services.database_url = database.address
        services.migrate()
        service = await services.timeline()
        assert (await metrics(client, service.url))["dyadline_database_up"] == 1
        if how == "dead":
            await database.kill()
        else:
            database.pause()
        begun = time.monotonic()
        found = await metrics(client, service.url)
        assert time.monotonic() - begun < SOON
        assert found["dyadline_database_up"] == 0
        assert math.isnan(found["dyadline_lag_seconds"])
        assert found["dyadline_live_listeners"] == 0  # what the process knows by itself
        await service.kill()
        database.resume() if how == "frozen" else await database.start()


async def test_whoever_needs_an_engine_that_is_frozen_soon_says_that_it_is_not_ready(
    services: Services, broker: OwnEngine, client: httpx.AsyncClient
) -> None:
    services.bootstrap_servers = broker.address
    await create_topic(KafkaAccess(broker.address), services.topic, partitions=3)
    async with own_postgres() as database:
        services.database_url = database.address
        services.migrate()
        timeline, projector, replayer = [
            await started(services, kind) for kind in ("timeline", "projector", "replayer")
        ]
        await all_of(is_ready, client, timeline, projector, replayer)
        broker.pause()
        await all_of(says_that_kafka_is_away, client, projector, replayer)
        assert await is_ready(client, timeline)  # which reads on
        broker.resume()
        await all_of(is_ready, client, timeline, projector, replayer)
        database.pause()
        await all_of(says_that_postgres_is_away, client, timeline, projector, replayer)
        database.resume()
        await all_of(is_ready, client, timeline, projector, replayer)


async def started(services: Services, kind: str) -> str:
    """The address at which a process of some kind, which is started, answers probes."""
    if kind == "timeline":
        return (await services.timeline()).url
    port = {f"{kind.upper()}_PORT": str(free_port())}
    await (services.projector(**port) if kind == "projector" else services.replayer(**port))
    return f"http://127.0.0.1:{port[f'{kind.upper()}_PORT']}"


async def is_ready(client: httpx.AsyncClient, url: str) -> bool:
    """Whether a process says so, as soon as it has to."""
    return (await soon(client, url)).status_code == 200


async def says_that_kafka_is_away(client: httpx.AsyncClient, url: str) -> bool:
    """Whether a process says, as soon as it has to, that it is not ready because of Kafka."""
    answer = await soon(client, url)
    return answer.status_code == 503 and "Kafka" in answer.text


async def says_that_postgres_is_away(client: httpx.AsyncClient, url: str) -> bool:
    """Whether a process says, as soon as it has to, that it is not ready because of PostgreSQL."""
    answer = await soon(client, url)
    return answer.status_code == 503 and "PostgreSQL is out of reach" in answer.text


async def all_of(
    condition: Callable[[httpx.AsyncClient, str], Awaitable[bool]], client: httpx.AsyncClient, *urls: str
) -> None:
    """Wait until processes are so."""
    waits = (wait_until(partial(condition, client, url), timeout=60, ignore=(httpx.ConnectError,)) for url in urls)
    await asyncio.gather(*waits)


async def soon(client: httpx.AsyncClient, url: str) -> httpx.Response:
    """What a process says of its readiness."""
    begun = time.monotonic()
    answer = await client.get(f"{url}/readyz")
    assert time.monotonic() - begun < SOON
    return answer


async def test_labels_name_routes_and_never_what_a_stranger_asks_for(
    services: Services, client: httpx.AsyncClient
) -> None:
    services.migrate()
    service = await services.timeline()
    for path in ("/v1/events/a-secret", "/nowhere/a-secret", "/v1/timelines/CHN-IND?q=a-secret"):
        await client.get(f"{service.url}{path}", headers={"x-request-id": "a-secret"})
    await client.request("SECRET", f"{service.url}/v1/types")
    text = (await client.get(f"{service.url}/metrics")).text
    assert "secret" not in text.lower()
    assert re.search(r'_seconds_count\{method="GET",route="/v1/events/\{event_id\}",status="4\d\d"\} 1.0', text)
    assert 'dyadline_http_answer_seconds_count{method="GET",route="none",status="404"} 1.0' in text
    assert 'dyadline_pool_connections_limit{pool="in_order"} 10.0' in text


async def test_a_write_is_followed_through_the_logs(services: Services, client: httpx.AsyncClient) -> None:
    services.migrate()
    projector = await services.projector()
    ingest = await services.ingest()
    event = {"title": "a", "when": "2020", "countries": ["IND", "CHN"], "type": "ban"}
    answer = await client.post(f"{ingest.url}/v1/events", json=event, headers={"x-request-id": "followed-1"})
    position = answer.json()["position"]
    (line,) = (line for line in ingest.log.splitlines() if "request_id=followed-1" in line)
    assert "level=info event=answered" in line
    assert "method=POST route=/v1/events status=201" in line
    assert f"position={position}" in line
    assert "principal=anonymous" in line
    partition, offset = position.split(":")
    await wait_until(lambda: f"event=projected position={partition}:{offset}-{offset} " in projector.log)
