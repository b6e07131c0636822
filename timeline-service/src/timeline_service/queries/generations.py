"""Generations: the projections there are; which of them is live, and which may go."""

from collections.abc import Mapping, Sequence
from typing import Any

from timeline_service.adapters.postgres.sql_files import generation_shape
from timeline_service.errors import (
    GenerationFixedError,
    GenerationForeignError,
    GenerationLiveError,
    ReplayRunningError,
    UnknownGenerationError,
)
from timeline_service.queries.replays import file_replay
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.replays import GenerationView, ReplayView, generation_view


async def list_generations(sources: Sources) -> Sequence[GenerationView]:
    """The generations that can be read, by number."""
    return [generation_view(row) for row in await sources.generations.ready()]


async def activate_generation(sources: Sources, n: int) -> ReplayView:
    """File the replay that makes a generation the live one.

    Raises UnknownGenerationError, GenerationLiveError, GenerationFixedError, GenerationForeignError, and
    ReplayRunningError where another replay builds.
    """
    row = await _known(sources, n)
    if row["live"]:
        raise GenerationLiveError(f"generation {n} is live already")
    if row["until"] is not None:
        raise GenerationFixedError(f"generation {n} ends at a point in time, and stays as it is")
    if row["shape"] != generation_shape():
        raise GenerationForeignError(f"generation {n} was made by code of another shape")
    return await file_replay(sources, "activate", generation=n)


async def drop_generation(sources: Sources, n: int) -> None:
    """Drop a generation; raises ReplayRunningError, UnknownGenerationError and GenerationLiveError."""
    for each in await sources.replays.open():
        row = await sources.replays.replay(str(each["id"]))
        if row is not None and row["generation"] == n:
            raise ReplayRunningError(str(row["id"]))
    await _known(sources, n)
    if not await sources.generations.drop(n):
        raise GenerationLiveError(f"generation {n} is live: activate another one first")


async def _known(sources: Sources, n: int) -> Mapping[str, Any]:
    for row in await sources.generations.ready():
        if row["n"] == n:
            return row
    raise UnknownGenerationError(f"there is no generation {n}: /v1/generations lists those there are")
