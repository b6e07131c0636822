"""Loads, each with what became of its records: counts that the projection keeps, and so those of now."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from timeline_service.adapters.postgres.reader import reading, vector_statement
from timeline_service.adapters.postgres.rows import BatchPartRow, BatchRow, VectorRow, rows_of
from timeline_service.adapters.postgres.sql_files import bound, of_generation, read_statements

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool

Kind = TypeVar("Kind", bound=NamedTuple)


class PostgresBatches:
    """Queries for loads, each with the next offsets of which its answer is true.

    All methods raise UnavailableError when the server, or the generation, is away.
    """

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._sql: Final = read_statements("batches")

    async def page(self, generation: int, after: str, limit: int) -> tuple[dict[int, int], Sequence[BatchRow]]:
        """Loads by their names, from behind one on."""
        return await self._fetch(BatchRow, generation, "page", after=after, most_rows=limit)

    async def one(self, generation: int, name: str) -> tuple[dict[int, int], Sequence[BatchPartRow]]:
        """A load in parts, by partition; none if no record has named it."""
        return await self._fetch(BatchPartRow, generation, "one", name=name)

    async def _fetch(
        self, kind: type[Kind], generation: int, statement: str, **values: Any
    ) -> tuple[dict[int, int], Sequence[Kind]]:
        sql = of_generation(self._sql[statement], generation)
        async with (
            reading(self._pool, generation) as connection,
            connection.transaction(isolation="repeatable_read"),
        ):
            vector = rows_of(VectorRow, await connection.fetch(vector_statement(generation)))
            found = rows_of(kind, await connection.fetch(*bound(sql, **values)))
        return {row.partition: row.next_offset for row in vector}, found
