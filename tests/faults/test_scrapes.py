"""What is asked of a service while an engine is away or frozen is answered soon, with what it knows."""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.integration.test_process_probes import metrics
from tests.support.inputs.log_writing import open_log, recording
from tests.support.running.engines import OwnEngine, own_kafka, own_postgres
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.waiting import wait_until

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess

#: A scrape waits a second for the engines; the rest is for a machine with much else to do.
SOON = 4.0


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
