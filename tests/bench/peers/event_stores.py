"""Other people's event stores in PostgreSQL, each by a program of its own, with the same events as everybody."""

import asyncio
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.event_supply import ndjson
from tests.bench.figures import Peer
from tests.bench.own_services import own_database
from tests.bench.peers.connect_jars import PeerMissingError
from tests.support.running.engines import Engines
from tests.support.running.session_folder import DOWNLOADS

from local_stack.node_packages import node_packages, run_node

_HERE: Final = Path(__file__).parent
_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class StorePeers:
    """What a store does, as peers of our figures."""

    single: tuple[Peer, ...] = ()  # milliseconds of an append by one writer
    writers: tuple[Peer, ...] = ()  # single appends a second by several writers
    bulk: tuple[Peer, ...] = ()
    projection: tuple[Peer, ...] = ()
    rebuild: tuple[Peer, ...] = ()
    note: str = ""  # what else was seen


async def run_eventsourcing(engines: Engines, events: int) -> StorePeers:
    """Measure it with so many events; raises PeerMissingError if it cannot be had."""
    python = await asyncio.to_thread(_eventsourcing_python)
    pinned = (_HERE / "eventsourcing" / "requirements.in").read_text()
    name = f"eventsourcing {pinned.partition('eventsourcing==')[2].split()[0]}"

    def run(arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        program = [str(python), str(_HERE / "eventsourcing" / "store.py"), *arguments]
        return subprocess.run(program, capture_output=True, text=True, timeout=_SECONDS, check=False)

    said = await _said(engines, events, name, run)
    return StorePeers(
        (_here(f"{name}, append", statistics.median(said["alone"])),),
        (_here(f"{name}, 8 writers", said["writers"]),),
        (_here(f"{name}, batches of 100", said["batches"]),),
        (_here(f"{name}, tracking row only", said["projection"]),),
    )


async def run_emmett(engines: Engines, events: int) -> StorePeers:
    """Measure it with so many events; raises PeerMissingError if it cannot be had."""
    pins = _HERE / "emmett"
    version = json.loads((pins / "package.json").read_text())["dependencies"]["@event-driven-io/emmett-postgresql"]
    name = f"Emmett {version}"

    def run(arguments: Sequence[str]) -> "subprocess.CompletedProcess[Any]":
        try:
            packages = node_packages(pins)
        except SystemExit as error:
            raise PeerMissingError(f"{name} cannot be had: {error}") from error
        return run_node([str(pins / "store.js"), *arguments], packages)

    said = await _said(engines, events, name, run)
    lost = said["events"] - said["made"]
    note = f"{name}: {lost:,} of {said['events']:,} rows were not there after its rebuild." if lost else ""
    return StorePeers(
        (_here(f"{name}, append", statistics.median(said["alone"])),),
        (_here(f"{name}, 8 writers", said["writers"]),),
        (_here(f"{name}, batches of 100", said["batches"]),),
        (),
        (_here(f"{name}, a row an event", said["rebuild"]),),
        note,
    )


async def _said(
    engines: Engines,
    events: int,
    name: str,
    run: Callable[[Sequence[str]], "subprocess.CompletedProcess[Any]"],
) -> dict[str, Any]:
    """What a program says of the events on an empty database; raises PeerMissingError if it fails."""
    async with own_database(engines) as url:
        with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
            file.write(ndjson(events))
            file.flush()
            done = await asyncio.to_thread(run, [url, file.name])
    if done.returncode:
        raise PeerMissingError(f"{name} has failed: {str(done.stderr).strip()[-1_000:]}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _here(name: str, value: float) -> Peer:
    return Peer(name, value, measured_here=True)


def _eventsourcing_python() -> Path:
    """The Python of an environment that has it, made unless it is there."""
    pins = _HERE / "eventsourcing" / "requirements.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    folder = DOWNLOADS / f"eventsourcing-{digest[:16]}"
    if not folder.exists():
        DOWNLOADS.mkdir(parents=True, exist_ok=True)
        begun = Path(tempfile.mkdtemp(prefix="fetching-", dir=DOWNLOADS))
        try:
            pip = [str(begun / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            for command in (
                [sys.executable, "-m", "venv", str(begun)],
                [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(pins)],
            ):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise PeerMissingError(f"eventsourcing cannot be had: {done.stderr.strip()[-1_000:]}")
            begun.rename(folder)
        finally:
            shutil.rmtree(begun, ignore_errors=True)
    return folder / "bin" / "python"
