"""What a session with Kafka does when not all of Kafka is well, or aiokafka is not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.producer.sender import SendProduceReqHandler
from aiokafka.structs import TopicPartition
from tests.support.inputs.log_writing import read_log
from tests.support.running.ingesting import an_event
from tests.support.waiting import wait_until

from event_schemas.partitions import partitions_of
from ingest_service.adapters.kafka_log import KafkaLog
from ingest_service.adapters.kafka_session import KafkaSession
from ingest_service.domain.accept import Accepted, Terms, accept_event
from ingest_service.errors import UnavailableError
from service_edge.kafka_access import KafkaAccess

PARTITIONS = 3


@asynccontextmanager
async def ready_log(kafka: str, topic: str, append_seconds: float = 2) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(KafkaAccess(kafka), topic, append_seconds)
    running = asyncio.create_task(log.run())
    try:
        await wait_until(lambda: ready(log))
        yield log
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def ready(log: KafkaLog) -> bool:
    try:
        log.require_ready()
    except UnavailableError:
        return False
    return True


def session_of(log: KafkaLog) -> KafkaSession:
    assert log._session is not None
    return log._session


def partition_of(accepted: Accepted, log: KafkaLog) -> int:
    """The partition to which a record goes."""
    return partitions_of([accepted.key], session_of(log)._topic.partitions)[accepted.key]


def a_record(log: KafkaLog, fits: Callable[[int], bool] = lambda _: True) -> Accepted:
    """A record for a partition that fits."""
    while True:
        accepted = accept_event(an_event(id=str(uuid4())), Terms("anonymous"), accepted_at=datetime.now(UTC))
        if fits(partition_of(accepted, log)):
            return accepted


async def test_a_partition_that_is_slow_keeps_no_other_waiting(kafka: str, topic: str) -> None:
    async with ready_log(kafka, topic, append_seconds=5) as log:
        session = session_of(log)
        slow = partition_of(a_record(log), log)
        # To the rest of it, this is what a leader that does not answer is.
        sender = session._producer._sender
        sender._muted_partitions.add(TopicPartition(topic, slow))
        late = asyncio.create_task(log.append([a_record(log, slow.__eq__)]))
        acknowledged = 0
        while not late.done():
            appended = await log.append([a_record(log, slow.__ne__) for _ in range(5)])
            assert None not in appended
            acknowledged += len(appended)
        assert await late == [None]
        mixed = await log.append([a_record(log, slow.__eq__), a_record(log, slow.__ne__)])
        assert mixed[0] is None
        assert mixed[1] is not None
        with pytest.raises(UnavailableError):  # nothing is sent behind what is unknown
            await log.append([a_record(log, slow.__eq__)])
        assert ready(log)
        sender._muted_partitions.discard(TopicPartition(topic, slow))

        async def is_known() -> bool:
            nonlocal acknowledged
            acknowledged += len(await log.append([a_record(log, slow.__ne__)]))  # which wakes the sender
            return not session.late_seconds()

        await wait_until(is_known)
        (after,) = await log.append([a_record(log, slow.__eq__)])
        assert after is not None
        assert session_of(log) is session
    assert len(await read_log(kafka, topic)) == acknowledged + 1 + 1 + 1


async def test_a_partition_that_stays_silent_is_tried_in_a_new_session(kafka: str, topic: str) -> None:
    async with ready_log(kafka, topic, append_seconds=0.5) as log:
        session = session_of(log)
        session._producer._sender._muted_partitions.update(TopicPartition(topic, n) for n in range(64))
        assert await log.append([a_record(log)]) == [None]
        await wait_until(lambda: ready(log) and session_of(log) is not session)
        assert None not in await log.append([a_record(log)])


async def test_an_acknowledgement_without_a_position_is_never_given_one(
    kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = SendProduceReqHandler.handle_response

    def handle_duplicate(self: Any, response: Any) -> None:
        """As a broker answers that has the records already, and has forgotten where."""
        response.topics = [
            (name, [(entry[0], 46, -1, -1, *entry[4:]) for entry in each]) for name, each in response.topics
        ]
        handle(self, response)

    async with ready_log(kafka, topic) as log:
        record = a_record(log)
        partition = partition_of(record, log)
        records = [a_record(log, partition.__eq__) for _ in range(20)]
        monkeypatch.setattr(SendProduceReqHandler, "handle_response", handle_duplicate)
        answers = await asyncio.gather(*(log.append([each]) for each in records), return_exceptions=True)
        assert [None] in answers
        assert all(answer == [None] or isinstance(answer, UnavailableError) for answer in answers)


@pytest.mark.parametrize("error", [KeyError("a bug"), asyncio.CancelledError()])
async def test_it_goes_on_after_an_error_that_nobody_expected(
    kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    async with ready_log(kafka, topic) as log:
        session = session_of(log)
        answers = KafkaSession.answers

        async def fail_once(self: KafkaSession, seconds: float) -> bool:
            if self is session:
                raise error
            return await answers(self, seconds)

        monkeypatch.setattr(KafkaSession, "answers", fail_once)
        await wait_until(lambda: ready(log) and session_of(log) is not session)
        assert None not in await log.append([a_record(log)])


async def test_acknowledgements_are_an_answer_too(kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ready_log(kafka, topic) as log:
        session = session_of(log)

        async def never(*_: Any, **__: Any) -> None:
            await asyncio.Event().wait()

        with monkeypatch.context() as patched:
            patched.setattr(session._producer.client, "send", never, raising=True)
            assert not await session.answers(0.2)
        send = type(session._producer.client).send

        async def send_records(node: int, request: Any, **group: Any) -> Any:
            return await (
                never()
                if "Metadata" in type(request).__name__
                else send(session._producer.client, node, request, **group)
            )

        monkeypatch.setattr(session._producer.client, "send", send_records)
        asking = asyncio.create_task(session.answers(1))
        while not asking.done():
            assert None not in await log.append([a_record(log)])
        assert await asking
