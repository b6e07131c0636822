"""How far generations are, by their checkpoints, and what these say of the log that they were made from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from timeline_service.adapters.postgres.generation_tables import connected_to_generations
from timeline_service.adapters.postgres.sql_files import of_generation, read_statements

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool


class Counted(NamedTuple):
    """How many records a partition has, and how many of them are parked, and applied."""

    partition: int
    records: int
    parked: int
    applied: int = 0


class Stop(NamedTuple):
    """A partition that is projected no further: before which offset, and why."""

    partition: int
    next_offset: int
    stopped: str


class Origin(NamedTuple):
    """The log that a generation was made from. What was made from an archive names no cluster."""

    cluster_id: str
    partition_count: int


class PostgresReach:
    """Checkpoints of generations. All methods raise UnavailableError when the server, or the generation, is away."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._sql = read_statements("reach")

    async def live(self) -> dict[int, int]:
        """How far each partition of the live generation is."""
        return {row["partition"]: row["next_offset"] for row in await self._of_live("reached")}

    async def loaded(self, n: int) -> dict[int, int]:
        """The partitions that a rebuild has loaded, with how many records."""
        return {row["partition"]: row["records"] for row in await self._of(n, "loaded")}

    async def counts(self, n: int) -> dict[int, Counted]:
        """The records of a generation, by partition."""
        return {row["partition"]: Counted(**row) for row in await self._of(n, "counts")}

    async def stops(self, n: int) -> list[Stop]:
        """The partitions of a generation that are stopped."""
        return [Stop(**row) for row in await self._of(n, "stopped")]

    async def origins(self) -> set[Origin]:
        """Of which logs the live generation says that it was made."""
        return {Origin(**row) for row in await self._of_live("origins")}

    async def _of(self, n: int, name: str) -> Sequence[asyncpg.Record]:
        async with connected_to_generations(self._pool) as connection:
            return await connection.fetch(of_generation(self._sql[name], n))

    async def _of_live(self, name: str) -> Sequence[asyncpg.Record]:
        async with connected_to_generations(self._pool) as connection:
            n: int | None = await connection.fetchval(self._sql["live"])
            return await connection.fetch(of_generation(self._sql[name], n)) if n is not None else []
