"""Real engines that want to know with whom they speak: Kafka in six ways at once, PostgreSQL over TLS alone."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
from tests.support.running.certificates import HERE, Authority, Certificate
from tests.support.running.engines import own_postgres
from tests.support.running.free_ports import free_port
from tests.support.running.session_folder import DOWNLOADS, session_folder, watch_session_folder
from tests.support.running.tls_postgres import tls_postgres

from local_stack.commands import run_command
from local_stack.kafka_archive import kafka_jars
from local_stack.kafka_engine import java_command, wait_for_kafka
from local_stack.processes import Process
from service_edge.kafka_access import KafkaAccess

USER: Final = "alice"
PASSWORD: Final = secrets.token_hex(12)  # which no other process has in its command line
#: The ways in, each with its protocol; the last two show certificates that must not be taken.
_LISTENERS: Final = {
    "OPEN": "PLAINTEXT",
    "TLS": "SSL",
    "MUTUAL": "SSL",
    "WHO": "SASL_PLAINTEXT",
    "WHOTLS": "SASL_SSL",
    "EXPIRED": "SSL",
    "FOREIGN": "SSL",
}
_PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=OPEN
listeners={listeners},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={listeners}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,{protocols}
log.dirs=data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
ssl.keystore.type=PEM
ssl.truststore.type=PEM
ssl.keystore.location={good}
ssl.truststore.location={authority}
listener.name.mutual.ssl.client.auth=required
listener.name.expired.ssl.keystore.type=PEM
listener.name.expired.ssl.keystore.location={expired}
listener.name.foreign.ssl.keystore.type=PEM
listener.name.foreign.ssl.keystore.location={foreign}
"""
_WHO: Final = """\
listener.name.{name}.sasl.enabled.mechanisms={mechanisms}
listener.name.{name}.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_{user}="{password}";
listener.name.{name}.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.{name}.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


@dataclass(frozen=True, slots=True)
class GuardedKafka:
    """A broker with a listener for each way in."""

    authority: Authority
    ports: dict[str, int]

    def address(self, listener: str) -> str:
        """Where a way in is."""
        return f"localhost:{self.ports[listener]}"

    @property
    def open(self) -> KafkaAccess:
        """The way in by which tests make and read what they need."""
        return KafkaAccess(self.address("OPEN"))

    def variables(self, listener: str, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """What a client is told that is to be let in there."""
        protocol = _LISTENERS[listener]
        told = {"KAFKA_BOOTSTRAP_SERVERS": self.address(listener), "KAFKA_SECURITY_PROTOCOL": protocol}
        if protocol.startswith("SASL"):
            told |= {"KAFKA_SASL_MECHANISM": mechanism, "KAFKA_USERNAME": USER, "KAFKA_PASSWORD": PASSWORD}
        if protocol.endswith("SSL"):
            told["KAFKA_CA_FILE"] = str(self.authority.file)
        if listener == "MUTUAL":
            mine = self.authority.issue("client")
            told |= {"KAFKA_CERTIFICATE": str(mine.certificate), "KAFKA_KEY": str(mine.key)}
        return told


@asynccontextmanager
async def guarded_kafka() -> AsyncIterator[GuardedKafka]:
    """A Kafka of its own that answers in all these ways."""
    watch_session_folder()
    with tempfile.TemporaryDirectory(prefix="guarded-kafka-", dir=session_folder()) as name:
        folder = Path(name)
        authority = Authority(folder)
        kafka = GuardedKafka(authority, {listener: free_port() for listener in _LISTENERS})
        _write_properties(folder, kafka)
        jars = await kafka_jars(DOWNLOADS)
        tool = [*java_command(jars, folder, "storage-tool"), "kafka.tools.StorageTool", "format"]
        users = [f"--add-scram={kind}=[name={USER},password={PASSWORD}]" for kind in ("SCRAM-SHA-256", "SCRAM-SHA-512")]
        await run_command(
            [*tool, f"--cluster-id={uuid4()}", *users, "-c", "server.properties"],
            "Kafka was not laid out",
            None,
            folder,
        )
        command = [*java_command(jars, folder, "broker"), "-Xmx512m", "-XX:+UseSerialGC"]
        process = Process("kafka", [*command, "kafka.Kafka", "server.properties"], folder, folder=folder)
        process.start()
        try:
            await wait_for_kafka(kafka.open, process)
            yield kafka
        finally:
            await process.stop()


def _write_properties(folder: Path, kafka: GuardedKafka) -> None:
    text = _PROPERTIES.format(
        controller=free_port(),
        listeners=",".join(f"{name}://localhost:{port}" for name, port in kafka.ports.items()),
        protocols=",".join(f"{name}:{protocol}" for name, protocol in _LISTENERS.items()),
        good=kafka.authority.issue("broker").both,
        expired=kafka.authority.issue("expired", expired=True).both,
        foreign=kafka.authority.issue("foreign", ("elsewhere.example",)).both,
        authority=kafka.authority.file,
    )
    who = [
        _WHO.format(name=name, mechanisms=mechanisms, user=USER, password=PASSWORD)
        for name, mechanisms in (("who", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"), ("whotls", "PLAIN,SCRAM-SHA-512"))
    ]
    (folder / "server.properties").write_text(text + "".join(who))


@dataclass(frozen=True, slots=True)
class GuardedPostgres:
    """A PostgreSQL that takes nobody in the clear, and nobody without a password."""

    authority: Authority
    folder: Path
    port: int

    def url(self, host: str = "localhost", *, mode: str = "verify-full", password: str = PASSWORD) -> str:
        """The URL of its database, as its owner."""
        trusted = f"&sslrootcert={self.authority.file}" if mode.startswith("verify") else ""
        return f"postgresql://dyadline:{password}@{host}:{self.port}/dyadline?sslmode={mode}{trusted}"

    async def show(self, hosts: tuple[str, ...] = HERE, *, expired: bool = False) -> None:
        """Have it show another certificate from now on."""
        _issue(self.authority, self.folder, hosts, expired=expired)
        connection = await asyncpg.connect(self.url(mode="require"))
        try:
            await connection.execute("select pg_reload_conf()")
        finally:
            await connection.close()


def _issue(authority: Authority, folder: Path, hosts: tuple[str, ...] = HERE, *, expired: bool = False) -> Certificate:
    """A certificate that the server may read, whoever it runs as: it belongs to whom the folder does."""
    issued = authority.issue("server", hosts, expired=expired)
    for file in (issued.certificate, issued.key):
        os.chown(file, folder.stat().st_uid, folder.stat().st_gid)
    return issued


@asynccontextmanager
async def guarded_postgres() -> AsyncIterator[GuardedPostgres]:
    """A PostgreSQL of its own, over TLS and with a password alone."""
    async with own_postgres(await asyncio.to_thread(tls_postgres)) as engine:
        folder = engine.process.state_dir / "postgres"
        postgres = GuardedPostgres(Authority(folder), folder, int(engine.address.rpartition(":")[2].partition("/")[0]))
        shown = _issue(postgres.authority, folder)
        connection = await asyncpg.connect(engine.address)
        try:
            await connection.execute(f"alter role dyadline password '{PASSWORD}'")
            for name, value in (
                ("ssl_cert_file", shown.certificate.name), ("ssl_key_file", shown.key.name), ("ssl", "on"),
            ):  # fmt: skip
                await connection.execute(f"alter system set {name} = '{value}'")
            (folder / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
            await connection.execute("select pg_reload_conf()")
        finally:
            await connection.close()
        yield postgres
