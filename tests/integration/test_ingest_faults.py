"""Kafka goes away before, during and after posts: nothing that was acknowledged is lost, and nothing hangs."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tests.support.inputs.log_writing import read_log
from tests.support.running.engines import OwnEngine, own_kafka
from tests.support.running.ingesting import JSON, NDJSON, an_event, ingest_client, until_ready
from tests.support.running.processes import Services
from tests.support.waiting import wait_until

from event_schemas.log_topic import TOPIC_SETTINGS
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess

ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


@dataclass(frozen=True, slots=True)
class Log:
    """A topic on a Kafka that tests may halt and kill."""

    engine: OwnEngine
    topic: str

    def client(self, **settings: Any) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """A client of an ingest service on it."""
        return ingest_client(self.engine.address, self.topic, **settings)

    async def positions(self) -> dict[str, str]:
        """What it holds: event id by position."""
        found = await read_log(self.engine.address, self.topic)
        return {f"{item.partition}:{item.offset}": (item.key or b"").decode() for item in found}

    async def reaches(self, count: int) -> bool:
        """Whether it holds so many records."""
        return len(await self.positions()) >= count


@pytest.fixture(scope="module")
async def engine() -> AsyncIterator[OwnEngine]:
    """One Kafka for the tests of this file, each of which leaves it running."""
    async with own_kafka() as engine:
        yield engine


@pytest.fixture
async def log(engine: OwnEngine) -> AsyncIterator[Log]:
    """A topic of its own."""
    log = Log(engine, f"test.{uuid4().hex}")
    await create_topic(KafkaAccess(engine.address), log.topic, partitions=3)
    yield log
    if engine.process.pid() is None:
        await engine.start()
    engine.resume()


async def post(client: httpx.AsyncClient, value: Any) -> httpx.Response:
    return await client.post("/v1/events", content=orjson.dumps(value), headers=JSON)


async def test_it_starts_without_kafka_and_is_ready_once_that_answers(log: Log) -> None:
    await log.engine.kill()
    async with log.client(ready=False) as client:
        assert (await client.get("/healthz")).status_code == 200
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        answer = await post(client, an_event(id=ID))
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/log-unavailable"
        assert answer.json()["id"] == ID
        assert int(answer.headers["retry-after"]) >= 1
        assert (await post(client, [an_event()])).status_code == 503
        answer = await client.post("/v1/events", content=orjson.dumps(an_event()) + b"\n{}\n", headers=NDJSON)
        refused, summary = map(orjson.loads, answer.text.splitlines())
        assert refused["line"] == 2
        assert (summary["recorded"], summary["refused"], summary["unknown"]) == (0, 1, 1)
        assert summary["problem"]["status"] == 503
        await log.engine.start()
        await until_ready(client)
        assert (await post(client, an_event(id=ID))).status_code == 201
        assert list((await log.positions()).values()) == [ID]


@pytest.mark.parametrize("setting", ["message.timestamp.type", "retention.ms", "cleanup.policy"])
async def test_a_topic_that_cannot_be_trusted_is_refused(kafka: str, topic: str, setting: str) -> None:
    name = f"{topic}.unfit"
    wrong = {"message.timestamp.type": "CreateTime", "retention.ms": "1000000", "cleanup.policy": "compact"}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        settings = {**TOPIC_SETTINGS, setting: wrong[setting]}
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=settings)])
    finally:
        await admin.close()
    async with ingest_client(kafka, name, ready=False) as client:

        async def says_why() -> bool:
            return setting in (await client.get("/readyz")).text

        await wait_until(says_why)
        answer = await post(client, an_event())
        assert answer.status_code == 503
        assert setting in answer.json()["detail"]


async def test_a_post_that_kafka_does_not_acknowledge_may_have_been_recorded(log: Log) -> None:
    async with log.client(append_seconds=2) as client:
        assert (await post(client, an_event("before"))).status_code == 201
        log.engine.pause()
        answer = await post(client, an_event(id=ID))
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/unknown-outcome"
        assert answer.json()["id"] == ID
        assert "retry-after" in answer.headers
        await until_ready(client, ready=False)
        assert (await post(client, an_event(id=ID))).json()["type"] == "/problems/log-unavailable"
        log.engine.resume()
        await until_ready(client)
        answer = await post(client, an_event(id=ID))
        assert answer.status_code == 201
        assert (await log.positions())[answer.json()["position"]] == ID


async def test_an_array_without_any_acknowledgement_is_unknown_as_a_whole(log: Log) -> None:
    async with log.client(append_seconds=2) as client:
        log.engine.pause()
        answer = await post(client, [an_event("a"), {}, an_event("b")])
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/unknown-outcome"
        assert [item["status"] for item in answer.json()["results"]] == [503, 422, 503]
        log.engine.resume()


async def test_a_broker_that_is_back_in_time_still_acknowledges(log: Log) -> None:
    async with log.client(append_seconds=30) as client:
        assert (await post(client, an_event("before"))).status_code == 201
        log.engine.pause()
        posting = asyncio.create_task(post(client, an_event(id=ID)))
        await until_ready(client, ready=False)
        log.engine.resume()
        assert (await posting).status_code == 201
        await until_ready(client)


async def killed(engine: OwnEngine) -> None:
    await engine.kill()


async def paused(engine: OwnEngine) -> None:
    engine.pause()


@pytest.mark.parametrize("fault", [killed, paused])
async def test_nothing_acknowledged_is_lost_when_kafka_goes_away_within_a_body(
    log: Log, fault: Callable[[OwnEngine], Any]
) -> None:
    lines = [orjson.dumps(an_event(f"line {number}")) for number in range(20_000)]
    async with log.client(append_seconds=3) as client:

        async def body() -> AsyncIterator[bytes]:
            for start in range(0, len(lines), 500):
                if start == 10_000:
                    await wait_until(lambda: log.reaches(5_000))
                    await fault(log.engine)
                yield b"\n".join(lines[start : start + 500]) + b"\n"

        answer = await client.post("/v1/events?results=all", content=body(), headers=NDJSON)
        *results, summary = map(orjson.loads, answer.text.splitlines())
        recorded = {item["position"]: item["id"] for item in results if item["status"] == 201}
        assert summary["problem"]["status"] == 503
        assert summary["recorded"] == len(recorded) >= 5_000
        assert summary["unknown"] == len(lines) - len(recorded) > 0
        assert [item["line"] for item in results] == list(range(1, len(lines) + 1))
        if fault is killed:
            await log.engine.start()
        else:
            log.engine.resume()
        await until_ready(client)
        found = await log.positions()
        assert recorded.items() <= found.items()

        async def whole() -> list[dict[str, Any]] | None:
            """The same body again, as often as it takes: Kafka may still be slow."""
            answer = await client.post("/v1/events?results=all", content=b"\n".join(lines), headers=NDJSON)
            *results, summary = map(orjson.loads, answer.text.splitlines())
            return results if (summary["recorded"], summary["unknown"]) == (len(lines), 0) else None

        again = {item["position"]: item["id"] for item in await wait_until(whole, 90)}
        found = await log.positions()
        assert again.items() <= found.items()
        assert set(found.values()) == set(again.values())


async def test_nothing_acknowledged_is_lost_when_kafka_is_killed_under_single_posts(log: Log) -> None:
    async with log.client(append_seconds=3) as client:
        answers: list[httpx.Response] = []

        async def keep_posting(worker: int) -> None:
            number = 0
            while not answers or answers[-1].status_code == 201:
                number += 1
                answers.append(await post(client, an_event(f"{worker} {number}")))

        posting = [asyncio.create_task(keep_posting(worker)) for worker in range(8)]
        await wait_until(lambda: len(answers) > 200)
        await log.engine.kill()
        await asyncio.gather(*posting)
        await log.engine.start()
        await until_ready(client)
        assert {answer.status_code for answer in answers} == {201, 503}
        recorded = {item["position"]: item["id"] for item in (each.json() for each in answers if each.is_success)}
        assert recorded.items() <= (await log.positions()).items()
        for answer in answers:
            if answer.status_code == 503:
                assert answer.json()["id"]
        assert (await post(client, an_event("after"))).status_code == 201


async def test_a_service_that_is_stopped_answers_what_it_has_taken(services: Services, kafka: str, topic: str) -> None:
    ingest = await services.ingest()
    async with httpx.AsyncClient(base_url=ingest.url, timeout=30) as client:
        assert (await post(client, an_event("before"))).status_code == 201
        sent = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            for number in range(5_000):
                yield orjson.dumps(an_event(f"line {number}")) + b"\n"
                if number == 2_500:
                    ingest.signal(signal.SIGTERM)
                    sent.set()

        answer = await client.post("/v1/events", content=body(), headers=NDJSON)
    assert sent.is_set()
    assert orjson.loads(answer.text.splitlines()[-1])["recorded"] == 5_000
    await ingest.ended()
    assert len(await read_log(kafka, topic)) == 5_001
    assert "Traceback" not in ingest.log


async def test_a_service_stops_in_time_although_kafka_is_away(log: Log) -> None:
    async with log.client(append_seconds=2) as client:
        log.engine.pause()
        await post(client, an_event())
        await until_ready(client, ready=False)
    log.engine.resume()


async def test_a_stop_does_not_wait_for_a_kafka_that_is_frozen(log: Log, tmp_path: Path) -> None:
    services = Services(tmp_path, log.engine.address, log.topic, "")
    try:
        ingest = await services.ingest(INGEST_APPEND_SECONDS="4")
        async with httpx.AsyncClient(base_url=ingest.url, timeout=60) as client:
            assert (await post(client, an_event("before"))).status_code == 201
            log.engine.pause()
            lines = b"".join(orjson.dumps(an_event(f"line {number}")) + b"\n" for number in range(3_000))
            posting = [asyncio.create_task(post(client, an_event(f"{number}"))) for number in range(20)]
            posting.append(asyncio.create_task(client.post("/v1/events", content=lines, headers=NDJSON)))
            process, port = psutil.Process(ingest.pid), int(ingest.url.rpartition(":")[2])
            await wait_until(
                lambda: sum(each.laddr.port == port for each in process.net_connections("tcp")) > len(posting)
            )
            assert (await client.get("/healthz")).status_code == 200
            ingest.signal(signal.SIGTERM)
            await ingest.ended(timeout=20)
            answers = await asyncio.gather(*posting)
        assert {answer.status_code for answer in answers} == {200, 503}
        assert "Traceback" not in ingest.log
    finally:
        log.engine.resume()
        await services.stop()
