"""Kafka Connect, standalone, as a child process that takes connectors over its REST interface."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx
from tests.bench.peers.connect_jars import PeerMissingError, fetch_connect
from tests.support.running.free_ports import free_port
from tests.support.running.processes import Service
from tests.support.running.session_folder import session_folder
from tests.support.waiting import wait_until

from local_stack.kafka_engine import java_command
from local_stack.processes import Process

_HEAP: Final = "-Xmx1g"
_READY_SECONDS: Final = 90
_WORKER: Final = """\
bootstrap.servers={bootstrap_servers}
listeners=http://127.0.0.1:{port}
plugin.path={plugins}
plugin.discovery=only_scan
offset.storage.file.filename=connect.offsets
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=true
consumer.auto.offset.reset=earliest
consumer.max.poll.records={batch}
consumer.max.partition.fetch.bytes=4194304
"""
#: What its sinks write at once; its consumers fetch as many.
BATCH: Final = 3_000


@dataclass(frozen=True, slots=True)
class KafkaConnect:
    """A worker that runs."""

    worker: Service
    client: httpx.AsyncClient

    async def start_connector(self, name: str, settings: Mapping[str, str]) -> None:
        """Start a connector; raises httpx.HTTPStatusError if it is refused."""
        (await self.client.post("/connectors", json={"name": name, "config": dict(settings)})).raise_for_status()

    async def hold_connector(self, name: str) -> None:
        """Have a connector's tasks keep their partitions and take nothing in; they do so when it returns."""
        (await self.client.put(f"/connectors/{name}/pause")).raise_for_status()

        async def held() -> bool:
            return all(state == "PAUSED" for state in await self.task_states(name))

        await wait_until(held, _READY_SECONDS)

    async def release_connector(self, name: str) -> None:
        """Have a connector that was held take in what there is."""
        (await self.client.put(f"/connectors/{name}/resume")).raise_for_status()

    async def stop_connector(self, name: str) -> None:
        """End a connector and forget it, if there is one."""
        await self.client.delete(f"/connectors/{name}")

    async def task_states(self, name: str) -> list[str]:
        """The states of a connector's tasks; raises PeerMissingError, with what it says, if one has failed."""
        status = (await self.client.get(f"/connectors/{name}/status")).raise_for_status().json()
        for task in status["tasks"]:
            if task["state"] == "FAILED":
                raise PeerMissingError(f"{name} has failed: {task['trace'][:2000]}")
        return [task["state"] for task in status["tasks"]]


@asynccontextmanager
async def kafka_connect(bootstrap_servers: str) -> AsyncIterator[KafkaConnect]:
    """A worker that answers; raises PeerMissingError if it cannot be had."""
    jars, plugins = await asyncio.to_thread(fetch_connect)
    folder = session_folder() / "connect"
    folder.mkdir()
    port = free_port()
    said = {"bootstrap_servers": bootstrap_servers, "port": port, "plugins": plugins, "batch": BATCH}
    (folder / "worker.properties").write_text(_WORKER.format(**said))
    options = [_HEAP, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    program = ["org.apache.kafka.connect.cli.ConnectStandalone", "worker.properties"]
    command = [*java_command(jars, folder, "connect"), *options, *program]
    worker = Service(Process("connect", command, folder, folder=folder))
    worker.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:

            async def answers() -> bool:
                if worker.pid is None:
                    raise PeerMissingError(f"Kafka Connect has ended:\n{worker.process.log_end(40)}")
                return (await client.get("/connectors")).status_code == 200

            try:
                await wait_until(answers, _READY_SECONDS, ignore=(httpx.HTTPError,))
            except AssertionError as error:
                raise PeerMissingError(f"Kafka Connect does not answer: {error}") from error
            yield KafkaConnect(worker, client)
    finally:
        await worker.terminate()
