"""Processes that are killed, or frozen and let go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random
from typing import Final

import psutil
from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.arena.members import thaw
from tests.faults.soak.nemesis.faults import Fault, fault

SERVICES: Final = ("ingest", "timeline-1", "timeline-2", "projector-1", "projector-2", "replayer")
ENGINES: Final = ("kafka", "postgres")


def killing(name: str) -> Fault:
    """The process is killed, and is down for a while."""

    @fault(f"kill {name}")
    async def kill(arena: Arena, random: Random) -> AsyncIterator[None]:
        member = arena.members[named(arena, name, random)]
        await member.kill(whole=random.random() < 0.5, hold=True)
        try:
            yield
        finally:
            member.start()

    return kill


def freezing(name: str) -> Fault:
    """The process is frozen, with what it has started: its connections stay, and it says nothing."""

    @fault(f"freeze {name}")
    async def freeze(arena: Arena, random: Random) -> AsyncIterator[None]:
        frozen = arena.members[named(arena, name, random)].freeze()
        try:
            yield
        finally:
            thaw(frozen)

    return freeze


@fault("kill all", alone=True)
async def kill_all(arena: Arena, random: Random) -> AsyncIterator[None]:
    """Everything dies at once, as with the machine, and comes back in any order."""
    members = list(arena.members.values())
    await asyncio.gather(*(member.kill(whole=True, hold=True) for member in members))
    try:
        yield
    finally:
        random.shuffle(members)
        for member in members:
            member.start()


@fault("kill both projectors")
async def kill_projectors(arena: Arena, random: Random) -> AsyncIterator[None]:
    """Nobody projects for a while."""
    del random
    members = [arena.members[name] for name in ("projector-1", "projector-2")]
    await asyncio.gather(*(member.kill(hold=True) for member in members))
    try:
        yield
    finally:
        for member in members:
            member.start()


@fault("kill a backend of postgres")
async def kill_backend(arena: Arena, random: Random) -> AsyncIterator[None]:
    """PostgreSQL loses one process of its own, ends all others because of that, and recovers by itself."""
    backends = arena.members[arena.primary].family()[1:]
    if backends:
        with suppress(psutil.NoSuchProcess):
            random.choice(backends).kill()
    yield


def named(arena: Arena, name: str, random: Random) -> str:
    """The process that a fault means by a name: of three brokers any, of two databases the one that is written."""
    if name == "kafka":
        return random.choice(arena.kafka_names)
    return arena.primary if name == "postgres" else name


FAULTS: Final = (
    *(killing(name) for name in (*SERVICES, *ENGINES)),
    *(freezing(name) for name in (*SERVICES, *ENGINES)),
    kill_all,
    kill_projectors,
    kill_backend,
)
