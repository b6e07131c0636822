"""The topic that keeps the log: made once, as the contract has it, and looked at whenever the stack starts."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from event_schemas.log_topic import PARTITIONS
from local_stack.errors import StackError
from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import close_client, start_client
from service_edge.kafka_refusals import why_unreachable
from service_edge.topic_check import TopicUnavailableError, TopicUnfitError, check_topic
from service_edge.topic_making import TopicMakingError, make_topic


async def create_topic(access: KafkaAccess, name: str, partitions: int = PARTITIONS) -> None:
    """Make the topic unless it is there, and wait until every partition has a leader.

    Raises StackError with the broker's reason, or if the topic cannot be trusted with the log.
    """
    admin = AIOKafkaAdminClient(**access.arguments(), request_timeout_ms=10_000)
    try:
        await start_client(admin)
        await make_topic(admin, name, partitions)
    except TopicMakingError as error:
        raise StackError(str(error)) from error
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
