"""Real engines for tests: one pair that a whole run shares, and own ones that a test may kill."""

import fcntl
import json
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from tests.support.running.free_ports import free_port
from tests.support.running.session_folder import DOWNLOADS, session_folder, watch_session_folder
from tests.support.waiting import wait_until

from local_stack.engines import start_engines
from local_stack.kafka_engine import prepare_kafka, wait_for_kafka
from local_stack.postgres_engine import prepare_postgres, wait_for_postgres
from local_stack.processes import Process
from local_stack.settings import read_settings
from service_edge.kafka_access import KafkaAccess


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the engines are that this test run shares."""

    bootstrap_servers: str
    database_url: str


async def shared_engines() -> Engines:
    """The run's Kafka and PostgreSQL, started by whoever asks first."""
    folder = session_folder() / "engines"
    record = folder / "engines.json"
    with _lock(session_folder() / "engines.lock") as taken:
        await wait_until(taken, timeout=170)
        if not record.exists():
            watch_session_folder()
            ports = {name: str(free_port()) for name in ("KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "POSTGRES_PORT")}
            settings = read_settings({"STATE_DIR": str(folder), **ports})
            await start_engines(settings, DOWNLOADS)
            record.write_text(json.dumps([settings.bootstrap_servers, settings.database_url]))
        return Engines(*json.loads(record.read_text()))


@dataclass(slots=True)
class OwnEngine:
    """An engine of one test: its process, and its address (bootstrap servers, or the database's URL)."""

    process: Process
    address: str
    wait: Callable[[str, Process], Awaitable[None]]

    async def start(self) -> None:
        """Start it on the data that it has, and wait until it answers."""
        self.process.start()
        await self.wait(self.address, self.process)

    async def restart(self) -> None:
        """Stop it in order if it runs, and start it again."""
        await self.process.stop()
        await self.start()

    async def stop(self) -> None:
        """Stop it in order."""
        await self.process.stop()

    async def kill(self) -> None:
        """End it and its children at once, as a crash does."""
        self._signal(signal.SIGKILL)
        await wait_until(lambda: self.process.pid() is None)

    def pause(self) -> None:
        """Halt it and its children: connections stay, answers do not come."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        pid = self.process.pid()
        assert pid is not None, f"{self.process.name} does not run"
        parent = psutil.Process(pid)
        for each in (parent, *parent.children(recursive=True)):
            try:
                each.send_signal(number)
            except psutil.NoSuchProcess:
                continue


@asynccontextmanager
async def own_kafka() -> AsyncIterator[OwnEngine]:
    """A Kafka of its own, without topics."""
    with own_folder("kafka") as folder:
        port = free_port()
        process = await prepare_kafka(folder, DOWNLOADS, port, free_port())
        async with running(OwnEngine(process, f"127.0.0.1:{port}", _answers)) as engine:
            yield engine


async def _answers(address: str, process: Process) -> None:
    await wait_for_kafka(KafkaAccess(address), process)


@asynccontextmanager
async def own_postgres(programs: Path | None = None) -> AsyncIterator[OwnEngine]:
    """A PostgreSQL of its own, with an empty database; `programs` is the folder of another server's than ours."""
    with own_folder("postgres") as folder:
        port = free_port()
        process = await prepare_postgres(folder, port, programs)
        url = f"postgresql://dyadline@127.0.0.1:{port}/dyadline"
        async with running(OwnEngine(process, url, wait_for_postgres)) as engine:
            yield engine


@asynccontextmanager
async def running(engine: OwnEngine) -> AsyncIterator[OwnEngine]:
    """Start an engine, and stop it, also where it is paused."""
    try:
        await engine.start()
        yield engine
    finally:
        if engine.process.pid() is not None:
            engine.resume()
            await engine.stop()


@contextmanager
def own_folder(name: str) -> Iterator[Path]:
    """A folder for an engine, which goes with it."""
    watch_session_folder()
    with tempfile.TemporaryDirectory(prefix=f"own-{name}-", dir=session_folder()) as folder:
        yield Path(folder)


@contextmanager
def _lock(file: Path) -> Iterator[Callable[[], bool]]:
    """Yields a function that tries to take the lock on a file; it is given back at the end."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT)

    def taken() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield taken
    finally:
        os.close(descriptor)
