"""Loads, each with what became of its records: counts that the projection keeps, and so those of now."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from timeline_service.adapters.postgres.read_pools import ReadPool
from timeline_service.adapters.postgres.reader import vector_statement
from timeline_service.adapters.postgres.rows import VectorRow, rows_of
from timeline_service.adapters.postgres.sql_files import bound, of_generation, read_statements
from timeline_service.domain.vectors import ReadPoint

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection

Kind = TypeVar("Kind", bound=NamedTuple)


class BatchRow(NamedTuple):
    """A load: from when to when its records were recorded, and how many there are of each outcome."""

    name: str
    first_at: datetime
    last_at: datetime
    records: int
    applied: int
    duplicate: int
    rejected: int
    parked: int


class BatchPartRow(NamedTuple):
    """A load's records of one outcome and problem in one partition."""

    partition: int
    outcome: str
    problem: str
    records: int
    first_offset: int
    last_offset: int
    first_at: datetime
    last_at: datetime


class PostgresBatches:
    """Queries for loads, each with the next offsets of which its answer is true.

    All methods raise UnavailableError when the server, or the generation, is away.
    """

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool
        self._sql: Final = read_statements("batches")

    async def page(self, point: ReadPoint, after: str, limit: int) -> tuple[dict[int, int], Sequence[BatchRow]]:
        """Loads by their names, from behind one on."""
        return await self._fetch(BatchRow, point, "page", after=after, most_rows=limit)

    async def one(self, point: ReadPoint, name: str) -> tuple[dict[int, int], Sequence[BatchPartRow]]:
        """A load in parts, by partition; none if no record has named it."""
        return await self._fetch(BatchPartRow, point, "one", name=name)

    async def _fetch(
        self, kind: type[Kind], point: ReadPoint, statement: str, **values: Any
    ) -> tuple[dict[int, int], Sequence[Kind]]:
        asked = bound(of_generation(self._sql[statement], point.generation), **values)

        async def read(connection: "Connection") -> tuple[dict[int, int], Sequence[Kind]]:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                vector = rows_of(VectorRow, await connection.fetch(vector_statement(point.generation)))
                found = rows_of(kind, await connection.fetch(*asked))
            return {row.partition: row.next_offset for row in vector}, found

        return await self._pool.read(point, read)
