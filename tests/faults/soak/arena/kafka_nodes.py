"""Kafka for an arena: one node or three, each with a listener of its own for those who come through a proxy."""

import asyncio
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from tests.support.running.free_ports import free_port
from tests.support.running.session_folder import DOWNLOADS

from local_stack.commands import run_command
from local_stack.kafka_archive import kafka_jars
from local_stack.kafka_engine import java_command

_JAVA_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8"}
_PROPERTIES: Final = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners=DIRECT://127.0.0.1:{direct},PROXIED://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=DIRECT://127.0.0.1:{direct},PROXIED://127.0.0.1:{proxy}
inter.broker.listener.name=DIRECT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,DIRECT:PLAINTEXT,PROXIED:PLAINTEXT
log.dirs=data
default.replication.factor={replicas}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.num.partitions=4
transaction.state.log.min.isr={in_sync}
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={in_sync}
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
replica.lag.time.max.ms=5000
log.cleaner.enable=true
"""
_OPTIONS: Final = (
    "-XX:TieredStopAtLevel=1",  # a broker that is started again and again has no time for the better compiler
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)


@dataclass(frozen=True, slots=True)
class KafkaNode:
    """A node that is laid out: its name, where it is met directly, behind its proxy and through it."""

    name: str
    number: int
    folder: Path
    command: tuple[str, ...]
    direct: int
    behind: int
    proxy: int


async def prepare_nodes(folder: Path, count: int) -> list[KafkaNode]:
    """Lay out a cluster of so many nodes, each broker and controller in one; raises StackError."""
    jars = await kafka_jars(DOWNLOADS)
    cluster = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    controllers = [free_port() for _ in range(count)]
    voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(controllers, 1))
    replicas, in_sync = (3, 2) if count >= 3 else (1, 1)

    async def prepare(number: int) -> KafkaNode:
        name = "kafka" if count == 1 else f"kafka-{number}"
        place = folder / name
        place.mkdir(parents=True)
        ports = {"direct": free_port(), "behind": free_port(), "proxy": free_port()}
        words = {"number": number, "voters": voters, "controller": controllers[number - 1]}
        text = _PROPERTIES.format(**words, **ports, replicas=replicas, in_sync=in_sync)
        (place / "server.properties").write_text(text)
        tool = [
            *java_command(jars, place, "storage-tool"),
            "kafka.tools.StorageTool",
            "format",
            f"--cluster-id={cluster}",
            "-c",
            "server.properties",
        ]
        await run_command(tool, "Kafka's data folder could not be laid out", _JAVA_ENVIRONMENT, place)
        command = (*java_command(jars, place, "broker"), *_OPTIONS, "kafka.Kafka", "server.properties")
        return KafkaNode(name, number, place, command, **ports)

    return list(await asyncio.gather(*(prepare(number) for number in range(1, count + 1))))
