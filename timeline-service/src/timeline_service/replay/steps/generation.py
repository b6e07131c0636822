"""The generation that a rebuild fills: begun, indexed, and dropped again if nothing comes of it."""

from dataclasses import dataclass, replace

from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.domain.replays import Replay
from timeline_service.domain.vectors import Vector
from timeline_service.replay.attempt import Attempt


@dataclass(frozen=True, slots=True)
class Filling:
    """A generation that is being filled, and where it ends for ever, if it is one of the past."""

    n: int
    until: Vector | None

    @property
    def schema(self) -> str:
        """The schema of its tables."""
        return generation_schema(self.n)


async def begin(attempt: Attempt, until: Vector | None) -> Filling:
    """The generation to fill: the one that was begun, if this code has begun it, else a new one."""
    n, generations = attempt.replay.generation, attempt.generations
    if n is not None and (begun := await generations.begun(n)) is not None:
        return Filling(n, begun.until)
    if n is not None:
        await generations.drop(n)
    n = await generations.create(until, attempt.replay.id)
    attempt.replay = replace(attempt.replay, generation=n)
    return Filling(n, until)


async def index(attempt: Attempt, n: int) -> None:
    """Make the indexes that are not there yet."""
    async for name in attempt.generations.indexes(n):
        attempt.recorder.phase(f"indexing: {name}")


async def abandon(generations: PostgresGenerations, replay: Replay) -> None:
    """Drop the generation that a rebuild has not finished."""
    n = replay.generation
    if replay.kind == "rebuild" and n is not None and n in await generations.unfinished():
        await generations.drop(n)
