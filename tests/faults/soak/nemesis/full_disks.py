"""Disks without any room left: the database's, and that of the services' temporary files."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random
from typing import Final

import httpx
from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.nemesis.faults import fault
from tests.faults.soak.nemesis.operations import in_background, post_lines, verify

_FIRST_SECONDS: Final = 10.0
_REFUSED: Final = 10_000  # lines whose problems, taken together, are too much to be held in memory


def _lacks_disks(arena: Arena) -> str:
    return arena.disks.missing


@fault("fill the disk of postgres", lacks=_lacks_disks)
async def fill_postgres(arena: Arena, random: Random) -> AsyncIterator[None]:
    """PostgreSQL cannot write; it may well stop because of that."""
    del random
    name = arena.primary
    place = arena.data_disks[name]
    with arena.excusing(name):
        arena.disks.fill(place)
        try:
            yield
        finally:
            arena.disks.clear(place)


@fault("fill the disk of spills", lacks=_lacks_disks)
async def fill_spills(arena: Arena, random: Random) -> AsyncIterator[None]:
    """Bodies and replays that lay something aside find no room for it."""
    lines = [b"{}"] * _REFUSED
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_FIRST_SECONDS):
            await post_lines(arena, lines)  # Python looks once for a folder that can be written, and stays with it
    arena.disks.fill(arena.spill_disk)
    try:
        async with in_background(post_lines(arena, lines), verify(arena, random)):
            yield
    finally:
        arena.disks.clear(arena.spill_disk)


FAULTS: Final = (fill_postgres, fill_spills)
