"""What was projected between two vectors, read in chunks that are bounded by records and by bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import asyncpg

from timeline_service.adapters.postgres.database import connected
from timeline_service.adapters.postgres.rows import AppliedRow, OtherRow, RedrivenRow, ToldRow, rows_of
from timeline_service.adapters.postgres.sql_files import bound, of_generation, read_statements
from timeline_service.domain.feed import Chunk, Item, Parties, cut, live_vector, merged, next_end
from timeline_service.domain.revisions import Revision
from timeline_service.domain.vectors import OffsetVector, ReadPoint, vector_of
from timeline_service.errors import UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool

Kind = TypeVar("Kind", bound=NamedTuple)
_REDRIVES_AT_ONCE: Final = 20  # of at most two contents each
_EVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is read in one go; a single record may go beyond the bytes."""

    records: int
    bytes: int


class PostgresLive:
    """Reads chunks. Its method raises UnavailableError when the server, or the generation, is away."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._statements: Final = read_statements("feed")

    async def read(self, point: ReadPoint, start: OffsetVector, bounds: Bounds) -> Chunk:
        """The records from a `live_vector` on, or the first of them, up to the read point; none where it is no further.

        One snapshot, so that a record that a redrive changes meanwhile is read as parked, or its redrive is read too.
        """
        partitions = len(point.vector)
        given = merged(start, live_vector(replace(point, vector=(0,) * partitions, redrives=())))
        if given == (goal := merged(given, live_vector(point))):
            return Chunk(start, goal, partitions=partitions, generation=point.generation)
        try:
            async with (
                connected(self._pool) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await self._read(connection, point, given, bounds)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
            raise UnavailableError(f"generation {point.generation} has just been dropped") from error

    async def place(self, point: ReadPoint) -> OffsetVector:
        """The `live_vector` of who has seen a generation at the read point, and may not know of redrives since."""
        parts = list(range(len(point.vector)))
        try:
            async with connected(self._pool) as connection:
                values = {"partitions": parts, "next_offsets": list(point.vector)}
                rows = await self._fetch(ToldRow, connection, point, "redriven_before", values)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
            raise UnavailableError(f"generation {point.generation} has just been dropped") from error
        told = vector_of({row.partition: row.told for row in rows}, len(parts))
        return live_vector(replace(point, redrives=told))

    async def _read(self, connection: "Connection", point: ReadPoint, start: OffsetVector, bounds: Bounds) -> Chunk:
        partitions = len(point.vector)
        seen, told = start[:partitions], start[partitions:]
        parts = list(range(partitions))
        numbers = {"partitions": parts, "lows": list(told), "highs": [_EVER] * partitions}
        judged = await self._fetch(
            RedrivenRow, connection, point, "redriven_between", {**numbers, "most_rows": _REDRIVES_AT_ONCE + 1}
        )
        more, judged = len(judged) > _REDRIVES_AT_ONCE, judged[:_REDRIVES_AT_ONCE]
        redrives, size = await self._redriven(connection, point, judged)
        told = merged(told, vector_of({row.partition: row.number + 1 for row in judged}, partitions))
        if more:  # a record is told only after all redrives that could have changed it
            return Chunk(start, seen + told, redrives, size, partitions, point.generation)
        items, more_size, end = await self._between(connection, point, seen, bounds)
        return Chunk(start, end + told, redrives + items, size + more_size, partitions, point.generation)

    async def _redriven(
        self, connection: "Connection", point: ReadPoint, judged: Sequence[RedrivenRow]
    ) -> tuple[list[Item], int]:
        """The records that were judged again, as they are now, and the size of their contents."""
        if not judged:
            return [], 0
        values = {
            "partitions": [row.partition for row in judged],
            "lows": [row.offset for row in judged],
            "highs": [row.offset + 1 for row in judged],
            "most_bytes": _EVER,
        }
        applied = await self._fetch(AppliedRow, connection, point, "applied_between", values)
        others = await self._fetch(OtherRow, connection, point, "others_between", values)
        found = {(item.partition, item.offset): item for item in (*map(_applied, applied), *map(_other, others))}
        numbered = [(found.get((row.partition, row.offset)), row.number) for row in judged]
        items = [replace(item, redrive=number) for item, number in numbered if item is not None]
        rows: Sequence[AppliedRow | OtherRow] = [*applied, *others]
        return items, sum(row.size for row in rows)

    async def _between(
        self, connection: "Connection", point: ReadPoint, start: OffsetVector, bounds: Bounds
    ) -> tuple[list[Item], int, OffsetVector]:
        """Records from a vector on, the size of their contents, and how far they go."""
        end = list(next_end(start, point.vector, bounds.records))
        parts = [p for p, low in enumerate(start) if end[p] > low]
        if not parts:
            return [], 0, tuple(end)
        values = {
            "partitions": parts,
            "lows": [start[p] for p in parts],
            "highs": [end[p] for p in parts],
            "most_bytes": max(1, bounds.bytes // len(parts)),
        }
        applied = await self._fetch(AppliedRow, connection, point, "applied_between", values)
        others = await self._fetch(OtherRow, connection, point, "others_between", values)
        items = [_applied(row) for row in applied if row.fits] + [_other(row) for row in others if row.fits]
        rows: Sequence[AppliedRow | OtherRow] = [*applied, *others]
        for row in rows:
            if not row.fits:  # the partition is read up to the first record that was too much
                end[row.partition] = min(end[row.partition], row.offset)
        size = sum(row.size for row in rows if row.fits)
        return cut(items, dict(enumerate(end))), size, tuple(end)

    async def _fetch(
        self, kind: type[Kind], connection: "Connection", point: ReadPoint, name: str, values: Mapping[str, Any]
    ) -> Sequence[Kind]:
        sql = of_generation(self._statements[name], point.generation)
        return rows_of(kind, await connection.fetch(*bound(sql, **values)))


def _applied(row: AppliedRow) -> Item:
    return Item(
        row.partition,
        row.offset,
        row.recorded_at,
        "applied",
        row.action,
        row.revision,
        row=Revision.of(row),
        now=Parties.of(row.content),
        before=Parties.of(row.content_before) if row.content_before is not None else None,
    )


def _other(row: OtherRow) -> Item:
    return Item(
        row.partition,
        row.offset,
        row.recorded_at,
        row.outcome,
        row.attempted,
        row.revision,
        problem=row.problem,
        now=Parties.of(row.content) if row.content is not None else None,
    )
