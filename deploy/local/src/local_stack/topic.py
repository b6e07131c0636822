"""The topic that keeps the log: made once, as the contract has it, and looked at whenever the stack starts."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from event_schemas.log_topic import PARTITIONS, TOPIC_SETTINGS, replication
from local_stack.errors import StackError
from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import close_client, start_client
from service_edge.kafka_refusals import why_unreachable
from service_edge.topic_check import TopicUnavailableError, TopicUnfitError, check_topic

READY_SECONDS = 30


async def create_topic(access: KafkaAccess, name: str, partitions: int = PARTITIONS) -> None:
    """Make the topic unless it is there, and wait until every partition has a leader.

    Raises StackError with the broker's reason, or if the topic cannot be trusted with the log.
    """
    admin = AIOKafkaAdminClient(**access.arguments(), request_timeout_ms=10_000)
    try:
        await start_client(admin)
        await _create(admin, name, partitions)
        await _wait_for_leaders(admin, name)
    except (KafkaError, OSError, TimeoutError) as error:
        reason = await why_unreachable(access) or error
        raise StackError(f"Kafka at {access} does not make the topic {name}: {reason}") from error
    finally:
        await close_client(admin)


async def require_fit_topic(access: KafkaAccess, name: str) -> None:
    """Raises StackError if the topic would lose, thin out or backdate records."""
    try:
        await check_topic(access, name)
    except (TopicUnavailableError, TopicUnfitError) as error:
        raise StackError(str(error)) from error


async def log_is_empty(access: KafkaAccess, name: str) -> bool:
    """Whether nothing was ever appended to the topic."""
    consumer = AIOKafkaConsumer(name, **access.arguments(), request_timeout_ms=10_000)
    try:
        await start_client(consumer)
        partitions = [TopicPartition(name, partition) for partition in consumer.partitions_for_topic(name) or ()]
        if not partitions:
            raise StackError(f"Kafka at {access} does not say which partitions {name} has")
        return not any((await consumer.end_offsets(partitions)).values())
    except (KafkaError, OSError, TimeoutError) as error:
        raise StackError(f"Kafka at {access} does not tell how long the log is: {error}") from error
    finally:
        await close_client(consumer)


async def _create(admin: AIOKafkaAdminClient, name: str, partitions: int) -> None:
    brokers = len((await admin.describe_cluster())["brokers"])
    replicas, in_sync = replication(brokers)
    settings: Mapping[str, str] = {**TOPIC_SETTINGS, "min.insync.replicas": str(in_sync)}
    answer = await admin.create_topics([NewTopic(name, partitions, replicas, topic_configs=dict(settings))])
    for topic, code, *words in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise StackError(f"the topic {topic} could not be made: {words[0] if words else error.__name__}")


async def _wait_for_leaders(admin: AIOKafkaAdminClient, name: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        (described,) = await admin.describe_topics([name])
        partitions = described["partitions"]
        if partitions and all(partition["leader"] >= 0 for partition in partitions):
            return
        if time.monotonic() > deadline:
            raise StackError(f"the topic {name} has partitions without a leader: look at Kafka's log")
        await asyncio.sleep(0.05)
