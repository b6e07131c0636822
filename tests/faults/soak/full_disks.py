"""Disks without any room left: the database's, and that of the services' temporary files."""

from collections.abc import AsyncIterator
from random import Random
from typing import Final

from tests.faults.soak.arena import Arena
from tests.faults.soak.faults import fault
from tests.faults.soak.operations import in_background, post_lines, verify

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
    arena.disks.fill(arena.spill_disk)
    try:
        async with in_background(post_lines(arena, [b"{}"] * _REFUSED), verify(arena, random)):
            yield
    finally:
        arena.disks.clear(arena.spill_disk)


FAULTS: Final = (fill_postgres, fill_spills)
