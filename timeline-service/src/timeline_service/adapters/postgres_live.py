"""The records that were projected between two vectors, for the live feed."""

from typing import TYPE_CHECKING, Final

from timeline_service.adapters.postgres_database import connected
from timeline_service.adapters.sql_files import generation_schema, read_statements
from timeline_service.domain.vectors import Vector
from timeline_service.live.chunks import Chunk

if TYPE_CHECKING:
    from timeline_service.adapters.postgres_database import Pool

#: Offsets that one chunk covers at most.
MOST: Final = 1000


class PostgresLive:
    """Reads chunks. Raises UnavailableError when the server is away."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool

    async def chunk(self, generation: int, start: Vector, goal: Vector) -> Chunk:
        """The next records from `start` towards `goal`, of which each part is at or behind its own in `start`."""
        behind = [partition for partition, offset in enumerate(goal) if offset > start[partition]]
        share = max(1, MOST // max(1, len(behind)))
        end = tuple(min(high, low + share) if high > low else low for low, high in zip(start, goal, strict=True))
        ranges = (behind, [start[p] for p in behind], [end[p] for p in behind])
        schema = generation_schema(generation)
        statements = read_statements("live")
        async with connected(self._pool) as connection:
            rows = [
                dict(row)
                for name in ("applied", "others")
                for row in await connection.fetch(statements[name].replace("{schema}", schema), *ranges)
            ]
        rows.sort(key=lambda row: (row["recorded_at"], row["partition"], row["from_offset"]))
        return Chunk(start, end, rows)
