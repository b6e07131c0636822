"""The documents: what full-text search reads, made of the revisions behind the projection, never ahead of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from timeline_service.adapters.postgres.blockers import ending_blockers
from timeline_service.adapters.postgres.copying import copy_rows
from timeline_service.adapters.postgres.database import connected_to
from timeline_service.adapters.postgres.rows import rows_of
from timeline_service.adapters.postgres.sql_files import generation_schema, generation_statements
from timeline_service.domain.name_counts import NameCounts
from timeline_service.domain.search_documents import DocumentRow, SearchDocument, document_of, document_row
from timeline_service.judge.entries import event_content

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool


class _Revision(NamedTuple):
    """A revision of which a document is made."""

    event_id: str
    revision: int
    partition: int
    from_offset: int
    until_offset: int | None
    action: str
    first_accepted_at: datetime
    content: str
    batch: str | None


class PostgresDocuments:
    """The documents of one generation. All methods raise UnavailableError when the server is away."""

    def __init__(self, pool: "Pool", generation: int) -> None:
        self._pool = pool
        self._generation = generation
        self._schema: Final = generation_schema(generation)
        self._sql: Final = generation_statements("search_documents", generation)

    async def lagging(self, partitions: Collection[int]) -> list[int]:
        """Those of the partitions whose documents are behind."""
        async with connected_to(self._pool, self._generation) as connection:
            rows = await connection.fetch(self._sql["lagging"], sorted(partitions))
        return [row["partition"] for row in rows]

    async def feed(self, partition: int, most: int) -> None:
        """Make the next documents of a partition, at most so many, and move its checkpoint: all or nothing.

        Any process may do it at any time: the checkpoint's row lets one at a time.
        """
        async with connected_to(self._pool, self._generation) as connection, connection.transaction():
            await connection.execute("set local synchronous_commit = off")  # the revisions have it all
            start = await self._lock(connection, partition)
            goal = await connection.fetchval(self._sql["goal"], partition)
            rows = rows_of(_Revision, await connection.fetch(self._sql["load"], partition, start, goal, most))
            await self._write(connection, rows)
            reached = goal if len(rows) < most else rows[-1].from_offset + 1
            await connection.execute(self._sql["advance"], partition, reached)
            await connection.execute("select pg_notify('dyadline_projected', 'documents')")

    async def add(self, connection: "Connection", partition: int, offsets: Sequence[int]) -> None:
        """Make documents of revisions that a redrive has made behind the checkpoint, inside its transaction."""
        reached = await self._lock(connection, partition)
        found = await connection.fetch(self._sql["load_at"], partition, list(offsets), reached)
        await self._write(connection, rows_of(_Revision, found))

    async def _lock(self, connection: "Connection", partition: int) -> int:
        async with ending_blockers(self._pool, connection):
            return int(await connection.fetchval(self._sql["lock"], partition))

    async def _write(self, connection: "Connection", rows: Sequence[_Revision]) -> None:
        if not rows:
            return
        documents = [document_of(event_content(row.content), row.batch) for row in rows]
        written = [document_row(row, document) for row, document in zip(rows, documents, strict=True)]
        await copy_rows(connection, self._schema, "documents", DocumentRow, written)
        replacing = [row for row in rows if row.revision > 1]
        await self._count_names(connection, rows, documents, replacing)
        if replacing:
            await connection.execute(self._sql["close"], [row.event_id for row in replacing])

    async def _count_names(
        self,
        connection: "Connection",
        rows: Sequence[_Revision],
        documents: Sequence[SearchDocument],
        replacing: Sequence[_Revision],
    ) -> None:
        names = NameCounts()
        for row, document in zip(rows, documents, strict=True):
            names.add(document, row.from_offset, int(row.action != "retracted"))
        counted = names.rows(rows[0].partition)
        if counted or replacing:
            columns = [[each[number] for each in counted] for number in range(1, 5)]
            replaced = [row.event_id for row in replacing], [row.revision - 1 for row in replacing]
            await connection.execute(self._sql["count_names"], rows[0].partition, *columns, *replaced)
