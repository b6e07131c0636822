"""Whether the topic can be trusted with the log: asked of the broker, judged by `event_schemas.log_topic`."""

from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from event_schemas.log_topic import topic_problems
from service_edge.kafka_clients import close_client, start_client


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


async def check_topic(bootstrap_servers: str, name: str) -> KafkaTopic:
    """Describe the topic; raises TopicUnavailableError or TopicUnfitError."""
    topic, problems = await describe_topic(bootstrap_servers, name)
    if problems:
        raise TopicUnfitError(f"the topic {name} cannot be trusted with the log: {'; '.join(problems)}")
    return topic


async def describe_topic(bootstrap_servers: str, name: str) -> tuple[KafkaTopic, list[str]]:
    """The topic as it is, with what is wrong with its settings; raises TopicUnavailableError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000)
    try:
        await start_client(admin)
        (described,) = await admin.describe_topics([name])
        if described["error_code"] or not described["partitions"]:
            raise TopicUnavailableError(f"Kafka at {bootstrap_servers} has no topic {name} (yet)")
        replicas = min(len(partition["replicas"]) for partition in described["partitions"])
        settings = await _settings(admin, name)
        cluster_id = str((await admin.describe_cluster())["cluster_id"])
    except (KafkaError, OSError, TimeoutError) as error:
        raise TopicUnavailableError(f"Kafka at {bootstrap_servers} does not answer: {error}") from error
    finally:
        await close_client(admin)
    return KafkaTopic(name, cluster_id, len(described["partitions"])), topic_problems(settings, replicas)


async def _settings(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: str(entry[1]) for answer in answers for resource in answer.resources for entry in resource[4]}
