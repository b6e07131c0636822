"""A projection whose log was put back into another cluster: held against it, and told to go on from there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from timeline_service.adapters.postgres.database import connected_to_control
from timeline_service.adapters.postgres.generation_tables import connected_to_generations
from timeline_service.adapters.postgres.projection import Checkpoint
from timeline_service.adapters.postgres.sql_files import generation_shape, generation_statements, read_statements

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a generation stands in a partition."""

    generation: int
    checkpoint: Checkpoint


class PostgresAdoption:
    """The checkpoints of all generations that this code can read. All methods raise UnavailableError."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool

    async def standings(self) -> Sequence[Standing]:
        """Where they stand, generation by generation."""
        found: list[Standing] = []
        for n in await self._generations():
            async with connected_to_generations(self._pool) as connection:
                rows = await connection.fetch(generation_statements("projection", n)["checkpoints"])
            found += [Standing(n, Checkpoint(**row)) for row in rows]
        return found

    async def adopt(self, cluster_id: str) -> Mapping[int, str]:
        """Let all of them go on in this cluster, at once or not at all; returns in which each was before.

        Whoever owns a partition is fenced, and what it was stopped by is forgotten.
        """
        before: dict[int, str] = {}
        generations = await self._generations()
        async with connected_to_generations(self._pool) as connection, connection.transaction():
            for n in generations:
                sql = generation_statements("adoption", n)
                if (cluster := await connection.fetchval(sql["cluster"])) is not None:
                    before[n] = cluster
                await connection.execute(sql["adopt"], cluster_id)
        return before

    async def _generations(self) -> list[int]:
        async with connected_to_control(self._pool) as connection:
            rows = await connection.fetch(read_statements("adoption")["readable"], generation_shape())
        return [row["n"] for row in rows]
