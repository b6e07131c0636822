"""The product's real processes, spawned for a test, killed at will, and gone when it ends."""

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from tests.support.running.free_ports import free_port
from tests.support.running.nursery import NurseryProcess
from tests.support.running.session_folder import watch_session_folder
from tests.support.waiting import wait_until

from local_stack.processes import Process

#: What the test that runs has spawned, so that the end of each log can be shown when it fails.
spawned: list[Process] = []
#: Where the product's own code is in a checkout.
SOURCES: Final = ("schemas/src", "schemas/service-edge/src", "ingest-service/src", "timeline-service/src")
_last_words: dict[Path, str] = {}


def last_words(process: Process) -> str:
    """The end of a process's log, also when its folder has gone with the test."""
    return process.log_end(60) if process.log_file.exists() else _last_words.get(process.log_file, "  (no log is left)")


@dataclass(slots=True)
class Service:
    """One process of the product; `url` is empty for those that do not serve HTTP."""

    process: Process
    url: str = ""

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.process.log_file.read_text(errors="replace")

    @property
    def pid(self) -> int | None:
        """Its pid while it runs."""
        return self.process.pid()

    def start(self) -> None:
        """Start it, or start it again after it has ended."""
        watch_session_folder()
        self.process.start()
        if self.process not in spawned:
            spawned.append(self.process)

    async def ready(self, timeout: float = 30) -> None:
        """Wait until it answers that it is ready; a process without HTTP only has to run."""
        async with httpx.AsyncClient(timeout=5, trust_env=False, verify=False) as client:

            async def answers() -> bool:
                if self.pid is None:
                    raise RuntimeError(f"{self.process.name} has ended:\n{self.process.log_end(40)}")
                return not self.url or (await client.get(f"{self.url}/readyz")).status_code == 200

            await wait_until(answers, timeout, ignore=(httpx.HTTPError,))

    async def kill(self) -> None:
        """End it at once, as a crash does."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def terminate(self) -> None:
        """End it in order."""
        await self.process.stop()

    async def ended(self, timeout: float = 30) -> None:
        """Wait until it has ended."""
        await wait_until(lambda: self.pid is None, timeout)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, such as SIGSTOP and SIGCONT."""
        pid = self.pid
        assert pid is not None, f"{self.process.name} does not run:\n{self.process.log_end(40)}"
        os.kill(pid, number)


@dataclass(slots=True)
class Services:
    """Spawns processes on given engines; the fixture `services` is one, and stops what it has spawned."""

    state_dir: Path
    bootstrap_servers: str
    topic: str
    database_url: str
    all: list[Service] = field(default_factory=list)
    root: Path | None = None  # a checkout whose code they run, if it is not ours

    def environment(self, **more: str) -> dict[str, str]:
        """What every process is told."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "DATABASE_URL": self.database_url,
            "INGEST_TOPIC": self.topic,
            "TIMELINE_TOPIC": self.topic,
            "PROJECTOR_PORT": "0",
            "REPLAYER_PORT": "0",
            "PYTHONUNBUFFERED": "1",
            **more,
        }

    def migrate(self, **environment: str) -> None:
        """Make or migrate the database's tables."""
        process = self._process("migrate", ["-m", "timeline_service.cli", "migrate"], environment)
        process.start()
        ends = time.monotonic() + 60
        while process.pid() is not None and time.monotonic() < ends:
            time.sleep(0.01)
        assert process.how_it_ended() == "with exit status 0", process.log_end(40)

    async def ingest(self, name: str = "ingest", **environment: str) -> Service:
        """An ingest service that is ready."""
        return await self._http(name, "ingest_service", "INGEST_PORT", environment)

    async def timeline(self, name: str = "timeline", **environment: str) -> Service:
        """A timeline service that is ready."""
        return await self._http(name, "timeline_service", "TIMELINE_PORT", environment)

    async def projector(self, name: str = "projector", **environment: str) -> Service:
        """A projector that runs; it may still be joining its group."""
        return await self._spawn(name, ["-m", "timeline_service.cli", "project"], environment)

    async def replayer(self, name: str = "replayer", **environment: str) -> Service:
        """A replayer that runs."""
        return await self._spawn(name, ["-m", "timeline_service.cli", "replayer"], environment)

    async def stop(self) -> None:
        """Stop all of them, the last one first."""
        for service in reversed(self.all):
            if service.pid is not None:
                service.signal(signal.SIGCONT)
            await service.terminate()
            _last_words[service.process.log_file] = last_words(service.process)

    async def _http(self, name: str, package: str, variable: str, environment: dict[str, str]) -> Service:
        port = environment.get(variable) or str(free_port())
        more = {**environment, variable: port}
        scheme = "https" if any(each.endswith("_TLS_CERTIFICATE") for each in environment) else "http"
        return await self._spawn(name, ["-m", f"{package}.cli", "serve"], more, f"{scheme}://127.0.0.1:{port}")

    async def _spawn(self, name: str, module: list[str], environment: dict[str, str], url: str = "") -> Service:
        service = Service(self._process(name, module, environment), url)
        service.start()
        self.all.append(service)
        await service.ready()
        return service

    def _process(self, name: str, module: list[str], environment: dict[str, str]) -> Process:
        command = [sys.executable, *module]
        whole = self.environment(**environment)
        if self.root is None:
            return NurseryProcess(name, command, self.state_dir, environment=whole)
        sources = os.pathsep.join(str(self.root / source) for source in SOURCES)
        return Process(name, command, self.state_dir, environment={**whole, "PYTHONPATH": sources})
