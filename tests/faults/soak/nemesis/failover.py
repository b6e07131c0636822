"""PostgreSQL fails over to a replica that is behind: the projection goes back in time, and the log has it all."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Final

import asyncpg
import orjson
from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.arena.standby import is_behind, promote, start_standby
from tests.faults.soak.nemesis.faults import fault
from tests.faults.soak.nemesis.operations import event, in_background, post_lines
from tests.support.waiting import wait_until


def _lacks_standby(arena: Arena) -> str:
    return "" if arena.standby else "the arena has no standby (standby=True)"


@fault("fail over to a standby that is behind", lacks=_lacks_standby, alone=True)
async def fail_over(arena: Arena, random: Random) -> AsyncIterator[None]:
    """The standby hears nothing for a while, the primary dies, the standby takes its place, and gets one of its own."""
    assert arena.standby is not None
    arena.standby.proxy.stall("up", "down")
    async with in_background(_keep_posting(arena, random)):
        yield
        await wait_until(lambda: is_behind(arena), ignore=(asyncpg.PostgresError, OSError, TimeoutError))
    dead = arena.members[arena.primary]
    arena.postgres_proxy.refuse()
    await dead.kill(whole=True, hold=True)
    arena.standby.proxy.cut()
    arena.postgres_proxy.cut()
    await asyncio.sleep(random.uniform(0, 1))
    await promote(arena)
    await dead.abandon()
    await arena.postgres_proxy.listen()
    await start_standby(arena)


async def _keep_posting(arena: Arena, random: Random) -> None:
    """Give the projection something that the standby does not hear of."""
    while True:
        await post_lines(arena, [orjson.dumps(event(random))])


FAULTS: Final = (fail_over,)
