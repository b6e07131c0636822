"""Strangers at the topic: they write what is not ours, and disturb the projectors' group."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

import httpx
from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.arena.members import MARK
from tests.faults.soak.nemesis.faults import fault
from tests.faults.soak.nemesis.operations import client
from tests.support.running.session_folder import ROOT
from tests.support.waiting import wait_until

_BEGIN_SECONDS: Final = 15.0


@fault("write foreign records")
async def write_foreign(arena: Arena, random: Random) -> AsyncIterator[None]:
    """Bytes that are not ours, unknown versions, and transactions, which leave markers."""
    words = (arena.bootstrap_servers, arena.topic, str(arena.partitions), str(random.getrandbits(32)))
    async with _stranger(arena, "write", *words) as said:
        yield
    arena.sent |= _sent(said.read_text())
    said.unlink()


@fault("rebalance the projectors' group")
async def rebalance(arena: Arena, random: Random) -> AsyncIterator[None]:
    """A member that joins and leaves."""
    generation = 1
    with suppress(httpx.HTTPError):
        async with client() as each:
            answer = await each.get(f"{random.choice(arena.timeline_urls)}/v1/status", timeout=3)
            generation = answer.json()["generation"] if answer.status_code == 200 else 1
    group = f"{arena.topic}.projector.g{generation}"
    async with _stranger(arena, "join", arena.bootstrap_servers, arena.topic, group) as said:
        yield
    said.unlink()


def _sent(said: str) -> dict[str, str]:
    """The hashes of what a stranger has said that it sends, each with its kind."""
    found: dict[str, str] = {}
    for line in said.splitlines():
        with suppress(ValueError):  # cut off by its death
            record = json.loads(line)
            found[record["sha256"]] = record["kind"]
    return found


@asynccontextmanager
async def _stranger(arena: Arena, *words: str) -> AsyncIterator[Path]:
    """Have one meanwhile, which has begun; yields the file in which it says what it does. It is killed in the end."""
    descriptor, name = tempfile.mkstemp(prefix="stranger-", dir=arena.folder)
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.soak.nemesis.outsider", *words),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=descriptor,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, MARK: str(arena.folder)},
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    said = Path(name)
    try:
        with suppress(AssertionError):  # Kafka may be away just then
            await wait_until(lambda: said.stat().st_size or process.returncode is not None, _BEGIN_SECONDS)
        yield said
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()


FAULTS: Final = (write_foreign, rebalance)
