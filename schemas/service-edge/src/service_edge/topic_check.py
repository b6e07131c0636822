"""Whether the topic can be trusted with the log: asked of the broker, judged by `event_schemas.log_topic`."""

from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from event_schemas.log_topic import topic_problems
from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import close_client, start_client
from service_edge.kafka_refusals import why_unreachable


class TopicUnavailableError(Exception):
    """The broker does not answer, or has no such topic yet."""


class TopicUnfitError(Exception):
    """The topic would lose, thin out or backdate records; the message says which settings to change."""


@dataclass(frozen=True, slots=True)
class KafkaTopic:
    """A topic: its cluster and the number of its partitions."""

    name: str
    cluster_id: str
    partitions: int


async def check_topic(access: KafkaAccess, name: str) -> KafkaTopic:
    """Describe the topic; raises TopicUnavailableError or TopicUnfitError."""
    topic, problems = await describe_topic(access, name)
    if problems:
        raise TopicUnfitError(f"the topic {name} cannot be trusted with the log: {'; '.join(problems)}")
    return topic


async def describe_topic(access: KafkaAccess, name: str) -> tuple[KafkaTopic, list[str]]:
    """The topic as it is, with what is wrong with its settings; raises TopicUnavailableError."""
    try:
        admin = AIOKafkaAdminClient(**access.arguments(), request_timeout_ms=10_000)
        try:
            return await _describe(admin, access, name)
        finally:
            await close_client(admin)
    except (KafkaError, OSError, TimeoutError) as error:
        reason = await why_unreachable(access) or str(error) or type(error).__name__
        raise TopicUnavailableError(f"Kafka at {access} does not answer: {reason}") from error


async def _describe(admin: AIOKafkaAdminClient, access: KafkaAccess, name: str) -> tuple[KafkaTopic, list[str]]:
    await start_client(admin)
    (described,) = await admin.describe_topics([name])
    if described["error_code"] or not described["partitions"]:
        raise TopicUnavailableError(f"Kafka at {access} has no topic {name} (yet)")
    replicas = min(len(partition["replicas"]) for partition in described["partitions"])
    settings = await _settings(admin, name)
    cluster_id = str((await admin.describe_cluster())["cluster_id"])
    return KafkaTopic(name, cluster_id, len(described["partitions"])), topic_problems(settings, replicas)


async def _settings(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: str(entry[1]) for answer in answers for resource in answer.resources for entry in resource[4]}
