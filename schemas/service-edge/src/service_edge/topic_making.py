"""The topic that keeps the log, made: with the settings that the contract has, and a leader for every partition."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from event_schemas.log_topic import TOPIC_SETTINGS, replication

READY_SECONDS: Final = 30.0
_NONE: Final[Mapping[str, str]] = {}


class TopicMakingError(Exception):
    """The topic is not made, or not fit for use, for the broker's reason."""


async def make_topic(
    admin: AIOKafkaAdminClient, name: str, partitions: int, settings: Mapping[str, str] = _NONE
) -> None:
    """Make the topic unless it is there, and wait until every partition has a leader; raises TopicMakingError.

    Its `settings` come before those of the contract. Raises KafkaError, OSError and TimeoutError as the client does.
    """
    brokers = len((await admin.describe_cluster())["brokers"])
    replicas, in_sync = replication(brokers)
    whole = {**TOPIC_SETTINGS, "min.insync.replicas": str(in_sync), **settings}
    answer = await admin.create_topics([NewTopic(name, partitions, replicas, topic_configs=whole)])
    for topic, code, *words in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise TopicMakingError(f"the topic {topic} could not be made: {words[0] if words else error.__name__}")
    await _wait_for_leaders(admin, name)


async def _wait_for_leaders(admin: AIOKafkaAdminClient, name: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        (described,) = await admin.describe_topics([name])
        partitions = described["partitions"]
        if partitions and all(partition["leader"] >= 0 for partition in partitions):
            return
        if time.monotonic() > deadline:
            raise TopicMakingError(f"the topic {name} has partitions without a leader: look at Kafka's log")
        await asyncio.sleep(0.05)
