"""The topic that keeps the log: made once, as the contract has it."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from event_schemas.log_topic import PARTITIONS, TOPIC_SETTINGS, replication
from local_stack.errors import StackError


async def create_topic(bootstrap_servers: str, name: str, partitions: int = PARTITIONS) -> None:
    """Make the topic unless it is there; raises StackError with the broker's reason. What is there is left alone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        brokers = len((await admin.describe_cluster())["brokers"])
        replicas, in_sync = replication(brokers)
        settings: Mapping[str, str] = {**TOPIC_SETTINGS, "min.insync.replicas": str(in_sync)}
        answer = await admin.create_topics([NewTopic(name, partitions, replicas, topic_configs=dict(settings))])
        for topic, code, *words in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise StackError(f"the topic {topic} could not be made: {words[0] if words else error.__name__}")
    finally:
        await admin.close()


async def log_is_empty(bootstrap_servers: str, name: str) -> bool:
    """Whether nothing was ever appended to the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    try:
        await consumer.getmany(timeout_ms=0)
        consumer.subscribe([name])
        partitions = consumer.partitions_for_topic(name) or set()
        ends = await consumer.end_offsets([TopicPartition(name, partition) for partition in partitions])
        return not any(ends.values())
    finally:
        await consumer.stop()
