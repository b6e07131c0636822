"""What the topic that keeps the log must be, so that nothing in it is lost, thinned out or backdated."""

from collections.abc import Mapping
from typing import Final

from event_schemas.records import MAX_RECORD_BYTES

PARTITIONS: Final = 12

#: The settings that a topic is made with. Names and values are Kafka's (Topic Configs, 4.x).
TOPIC_SETTINGS: Final[Mapping[str, str]] = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": str(MAX_RECORD_BYTES),
}


def replication(brokers: int) -> tuple[int, int]:
    """The replication factor and `min.insync.replicas` for a cluster of so many brokers."""
    return min(3, brokers), 2 if brokers >= 3 else 1


def topic_problems(settings: Mapping[str, str], replicas: int) -> list[str]:
    """What is wrong with a topic's settings, each with what it should be; empty if it can be trusted."""
    problems = [
        f"{name} is {settings.get(name)}, expected {value}"
        for name, value in TOPIC_SETTINGS.items()
        if name != "max.message.bytes" and settings.get(name) != value
    ]
    if int(settings.get("max.message.bytes", 0)) < MAX_RECORD_BYTES:
        problems.append(f"max.message.bytes is {settings.get('max.message.bytes')}, expected at least 1 MiB")
    if replicas > 1 and int(settings.get("min.insync.replicas", 1)) < 2:
        problems.append("min.insync.replicas is 1 although the topic is replicated, expected 2")
    return problems
