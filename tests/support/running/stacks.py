"""Whole stacks, started as people start them: `python -m local_stack`, with ports and a state folder of their own."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from tests.support.running.free_ports import free_port
from tests.support.running.processes import spawned
from tests.support.running.session_folder import ROOT, session_folder, watch_session_folder
from tests.support.waiting import wait_until

from local_stack.processes import Process
from local_stack.stack import NAMES

PORTS = (
    "INGEST_PORT",
    "TIMELINE_PORT",
    "PROJECTOR_PORT",
    "REPLAYER_PORT",
    "KAFKA_PORT",
    "KAFKA_CONTROLLER_PORT",
    "POSTGRES_PORT",
)
#: So long, in seconds, a whole stack may take to start or to stop while the machine has much else to do.
PATIENCE = 120
_GIVEN = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "SAMPLES")


@dataclass(slots=True)
class Command:
    """A command of the stack that goes on."""

    child: "subprocess.Popen[bytes]"
    file: Path

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.file.read_text(errors="replace")

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Signal its process group, as a terminal does."""
        os.killpg(self.child.pid, number)

    async def ended(self, timeout: float = PATIENCE) -> int:
        """Wait until it has ended; returns its exit status."""
        try:
            await wait_until(lambda: self.child.poll() is not None, timeout)
        except AssertionError as error:
            raise AssertionError(f"{self.child.args!r} goes on after {timeout} s:\n{self.output}") from error
        return int(self.child.returncode)


@dataclass(slots=True)
class Stack:
    """A stack's state folder and what its commands are told."""

    state_dir: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in _GIVEN},
            **{name: str(free_port()) for name in PORTS},
            "STATE_DIR": str(self.state_dir),
            **self.environment,
        }

    @property
    def ingest_url(self) -> str:
        """Where its ingest service answers."""
        return self._url("INGEST")

    @property
    def timeline_url(self) -> str:
        """Where its timeline service answers."""
        return self._url("TIMELINE")

    def _url(self, service: str) -> str:
        scheme = "https" if f"{service}_TLS_CERTIFICATE" in self.environment else "http"
        return f"{scheme}://127.0.0.1:{self.environment[f'{service}_PORT']}"

    def begin(self, *command: str) -> Command:
        """Start a command: a subcommand of `python -m local_stack`, or a whole command line."""
        words = list(command) if len(command) > 1 else [sys.executable, "-m", "local_stack", *command]
        spawned.extend(process for process in map(self.process, NAMES) if process not in spawned)
        descriptor, name = tempfile.mkstemp(prefix="output-", dir=session_folder())
        with open(descriptor, "wb") as output:
            child = subprocess.Popen(
                words,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Command(child, Path(name))

    async def run(self, command: str) -> tuple[int, str]:
        """Run a subcommand to its end; returns its exit status and what it printed."""
        running = self.begin(command)
        return await running.ended(), running.output

    async def up(self) -> str:
        """Bring it up; returns what was printed."""
        status, output = await self.run("up")
        assert status == 0, output
        return output

    def process(self, name: str) -> Process:
        """One of its processes."""
        return Process(name, [], self.state_dir)

    def pids(self) -> dict[str, int]:
        """What of it runs."""
        return {name: pid for name in NAMES if (pid := self.process(name).pid()) is not None}

    def left_over(self) -> list[str]:
        """Processes that work in the state folder or hold a file of it, whether or not a pid file knows them."""
        return [found for process in psutil.process_iter() if (found := self._use(process))]

    def _use(self, process: psutil.Process) -> str:
        try:
            places = [process.cwd(), *(file.path for file in process.open_files())]
            if any(place.startswith(f"{self.state_dir}") for place in places):
                return f"{process.pid} {process.cmdline()}"
        except psutil.Error:
            return ""
        return ""


@contextmanager
def new_stack(**environment: str) -> Iterator[Stack]:
    """A stack that was never started, in a folder whose name has spaces. It is stopped at the end."""
    watch_session_folder()
    folder = Path(tempfile.mkdtemp(prefix="a stack ", dir=session_folder()))
    stack = Stack(folder, environment)
    try:
        yield stack
    finally:
        subprocess.run(
            [sys.executable, "-m", "local_stack", "down"],
            env=stack.environment,
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )
