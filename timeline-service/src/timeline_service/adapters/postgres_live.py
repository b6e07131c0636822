"""What was projected between two vectors, read in chunks that are bounded by records and by bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from timeline_service.adapters.postgres_database import connected
from timeline_service.adapters.sql_files import of_generation, read_statements
from timeline_service.domain.live import Chunk, Item, Parties, cut, next_end
from timeline_service.domain.vectors import Moment, Vector
from timeline_service.errors import UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres_database import Connection, Pool

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is read in one go; a single record may go beyond the bytes."""

    records: int
    bytes: int


class PostgresLive:
    """Reads chunks. Its method raises UnavailableError when the server, or the generation, is away."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._statements: Final = read_statements("live")

    async def read(self, moment: Moment, start: Vector, bounds: Bounds) -> Chunk:
        """The records from `start` on, or the first of them, up to the moment. Empty where the moment is no further.

        What lies before a moment's vector is committed and stays, so the two queries need no common snapshot.
        """
        end = list(next_end(start, moment.vector, bounds.records))
        lows = {p: start[p] if p < len(start) else 0 for p in range(len(end))}
        parts = [p for p, low in lows.items() if end[p] > low]
        if not parts:
            return Chunk(start, tuple(end))
        values = (parts, [lows[p] for p in parts], [end[p] for p in parts], max(1, bounds.bytes // len(parts)))
        try:
            async with connected(self._pool) as connection:
                applied = await self._fetch(connection, moment, "applied_between", values)
                others = await self._fetch(connection, moment, "others_between", values)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
            raise UnavailableError(f"generation {moment.generation} has just been dropped") from error
        items = [_applied(row) for row in applied if row["fits"]] + [_other(row) for row in others if row["fits"]]
        for row, offset in [(row, "from_offset") for row in applied] + [(row, "offset") for row in others]:
            if not row["fits"]:  # the partition is read up to the first record that was too much
                end[row["partition"]] = min(end[row["partition"]], row[offset])
        size = sum(row["size"] for row in (*applied, *others) if row["fits"])
        return Chunk(start, tuple(end), cut(items, dict(enumerate(end))), size)

    async def _fetch(
        self, connection: "Connection", moment: Moment, name: str, values: Sequence[object]
    ) -> Sequence[Row]:
        sql = of_generation(self._statements[name], moment.generation)
        return [dict(row) for row in await connection.fetch(sql, *values)]


def _applied(row: Row) -> Item:
    return Item(
        row["partition"],
        row["from_offset"],
        row["recorded_at"],
        "applied",
        row["action"],
        row["revision"],
        row=row,
        now=Parties.of(row["content"]),
        before=Parties.of(row["content_before"]) if row["content_before"] is not None else None,
    )


def _other(row: Row) -> Item:
    return Item(
        row["partition"],
        row["offset"],
        row["recorded_at"],
        row["outcome"],
        row["attempted"],
        row["revision"],
        problem=row["problem"],
        now=Parties.of(row["content"]) if row["content"] is not None else None,
    )
