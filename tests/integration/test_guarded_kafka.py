"""Kafka over TLS, with certificates of both sides, and with a user: every way in, and every way to be turned away."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.integration.test_restore import part, raw, restored
from tests.support.running.certificates import Authority
from tests.support.running.guarded_engines import PASSWORD, GuardedKafka, guarded_kafka
from tests.support.running.ingesting import JSON, an_event, ingest_client
from tests.support.running.processes import Services
from tests.support.running.session_folder import session_folder
from tests.support.waiting import wait_until

from local_stack.errors import StackError
from local_stack.topic import create_topic, log_is_empty
from service_edge.kafka_access import read_kafka_access
from service_edge.topic_check import TopicUnavailableError, check_topic
from timeline_service.adapters.kafka.offsets import KafkaOffsets
from timeline_service.adapters.kafka.reader import KafkaReader
from timeline_service.adapters.kafka.scan import open_scan

TOPIC = "guarded"
WAYS = [
    ("TLS", ""),
    ("MUTUAL", ""),
    ("WHO", "PLAIN"),
    ("WHO", "SCRAM-SHA-256"),
    ("WHOTLS", "PLAIN"),
    ("WHOTLS", "SCRAM-SHA-512"),
]
Told = dict[str, str]


@pytest.fixture(scope="module")
async def kafka() -> AsyncIterator[GuardedKafka]:
    async with guarded_kafka() as kafka:
        await create_topic(kafka.open, TOPIC, partitions=1)
        yield kafka


@pytest.mark.parametrize(("listener", "mechanism"), WAYS)
async def test_every_client_is_let_in(kafka: GuardedKafka, listener: str, mechanism: str) -> None:
    access = read_kafka_access(kafka.variables(listener, mechanism))
    topic = f"guarded.{listener}.{mechanism or 'none'}"
    await create_topic(access, topic, partitions=1)
    assert (await check_topic(access, topic)).partitions == 1
    assert await log_is_empty(access, topic)
    async with ingest_client(access, topic) as client:
        answer = await client.post("/v1/events", json=an_event(), headers=JSON)
        assert answer.status_code == 201, answer.text
    async with open_scan(access, topic) as scan:
        assert [len(batch) async for batch in scan.read(0, 0, 1)] == [1]
    offsets = KafkaOffsets(access, topic)
    assert await offsets.bounds() == {0: (0, 1)}
    await offsets.close()
    reader = KafkaReader(access, topic, f"{topic}.group")
    try:
        await reader.start()
        assert await reader.bounds([0]) == {0: (0, 1)}
    finally:
        await reader.stop()


@pytest.mark.parametrize("listener", ["MUTUAL", "WHOTLS"])
async def test_a_log_is_restored_into_it(kafka: GuardedKafka, tmp_path: Path, listener: str) -> None:
    told = kafka.variables(listener)
    lost = Services(tmp_path, told.pop("KAFKA_BOOTSTRAP_SERVERS"), f"restored.{listener}", "")
    file = tmp_path / "log.ndjson"
    records = [raw(0, 1), raw(0, 2), raw(0, 5)]  # with gaps, which are taken by transactions
    file.write_bytes(part(lost.topic, records, 7))
    complaints = await restored(lost, file, status=3)
    assert "Kafka is out of reach" in complaints
    assert "restored 3 records" in await restored(lost, file, words=(), status=0, **told)
    assert "nothing to do" in await restored(lost, file, words=(), status=0, **told)
    async with open_scan(kafka.open, lost.topic) as scan:
        assert [found async for batch in scan.read(0, 0, 7) for found in batch] == records


def with_(**changed: str) -> Callable[[Told], Told]:
    """The same, but for these."""
    return lambda told: {**told, **changed}


def without(*names: str) -> Callable[[Told], Told]:
    """The same, without these."""
    return lambda told: {name: text for name, text in told.items() if name not in names}


SASL = ("KAFKA_SASL_MECHANISM", "KAFKA_USERNAME", "KAFKA_PASSWORD")


@pytest.mark.parametrize(
    ("listener", "change", "words"),
    [
        ("EXPIRED", with_(), "shows a certificate that does not hold today (certificate has expired): renew it there"),
        ("FOREIGN", with_(), "shows a certificate that is for another host"),
        ("TLS", without("KAFKA_CA_FILE"), "of an authority that is not trusted"),
        ("TLS", lambda told: {"KAFKA_BOOTSTRAP_SERVERS": told["KAFKA_BOOTSTRAP_SERVERS"]}, "it may ask for TLS"),
        ("MUTUAL", without("KAFKA_CERTIFICATE", "KAFKA_KEY"), "KAFKA_CERTIFICATE"),
        ("WHOTLS", with_(KAFKA_PASSWORD="wrong"), "does not take the user alice with this password"),
        ("WHOTLS", with_(KAFKA_USERNAME="mallory"), "does not take the user mallory with this password"),
        ("WHOTLS", with_(KAFKA_SASL_MECHANISM="SCRAM-SHA-256"), "does not take KAFKA_SASL_MECHANISM=SCRAM-SHA-256"),
        ("WHO", lambda told: {"KAFKA_BOOTSTRAP_SERVERS": told["KAFKA_BOOTSTRAP_SERVERS"]}, "or who we are"),
        ("WHOTLS", lambda told: {**without(*SASL)(told), "KAFKA_SECURITY_PROTOCOL": "SSL"}, "or ask who we are"),
        ("OPEN", with_(KAFKA_SECURITY_PROTOCOL="SSL"), "it may speak in the clear"),
        ("OPEN", with_(KAFKA_BOOTSTRAP_SERVERS="localhost:1"), "refuses connections: is it started"),
    ],
)
async def test_who_is_turned_away_is_told_what_to_do(
    kafka: GuardedKafka, listener: str, change: Callable[[Told], Told], words: str
) -> None:
    access = read_kafka_access(change(kafka.variables(listener)))
    with pytest.raises(TopicUnavailableError) as refused:
        await check_topic(access, TOPIC)
    assert words in str(refused.value)
    assert PASSWORD not in str(refused.value)
    async with ingest_client(access, TOPIC, ready=False) as client:

        async def told() -> bool:
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert access.password is None or access.password not in answer.text
            return words in answer.text

        await wait_until(told)


async def test_a_certificate_of_another_authority_is_not_taken(kafka: GuardedKafka) -> None:
    stranger = Authority(session_folder(), "strangers").issue("stranger")
    told = kafka.variables("MUTUAL") | {
        "KAFKA_CERTIFICATE": str(stranger.certificate),
        "KAFKA_KEY": str(stranger.key),
    }
    with pytest.raises(TopicUnavailableError, match="KAFKA_CERTIFICATE"):
        await check_topic(read_kafka_access(told), TOPIC)


async def test_the_stack_says_why_a_given_kafka_does_not_take_it(kafka: GuardedKafka) -> None:
    access = read_kafka_access(kafka.variables("WHOTLS") | {"KAFKA_PASSWORD": "wrong"})
    with pytest.raises(StackError, match="alice with this password"):
        await create_topic(access, TOPIC)
