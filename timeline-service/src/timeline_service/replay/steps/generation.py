"""The generation that a rebuild fills: begun, indexed, and dropped again if nothing comes of it."""

from dataclasses import replace

from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.domain.generations import Begun
from timeline_service.domain.replays import Replay
from timeline_service.domain.vectors import OffsetVector
from timeline_service.replay.attempt import Attempt


async def begin(attempt: Attempt, until: OffsetVector | None) -> Begun:
    """The generation to fill: the one that was begun, if this code has begun it, else a new one."""
    n, generations = attempt.replay.generation, attempt.generations
    if n is not None and (begun := await generations.begun(n)) is not None:
        return begun
    if n is not None:
        await generations.drop(n)
    n = await generations.create(until, attempt.replay.id)
    attempt.replay = replace(attempt.replay, generation=n)
    return Begun(n, until)


async def index(attempt: Attempt, n: int) -> None:
    """Make the indexes that are not there yet."""
    async for name in attempt.generations.indexes(n):
        attempt.recorder.phase(f"indexing: {name}")


async def abandon(generations: PostgresGenerations, replay: Replay) -> None:
    """Drop the generation that a rebuild has not finished."""
    n = replay.generation
    if replay.kind == "rebuild" and n is not None and n in await generations.unfinished():
        await generations.drop(n)
