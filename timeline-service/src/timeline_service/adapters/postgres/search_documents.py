"""The documents: what full-text search reads, made of the revisions behind the projection, never ahead of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from timeline_service.adapters.postgres.blockers import ending_blockers
from timeline_service.adapters.postgres.database import connected_to
from timeline_service.adapters.postgres.sql_files import generation_statements
from timeline_service.domain.search_documents import SearchDocument, document_of
from timeline_service.judge.entries import event_content

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool

_BETWEEN_FACETS: Final = "\x1f"


class _Read(NamedTuple):
    """What is read from a revision's content to write its document: the columns of `write`."""

    event_id: str
    revision: int
    span: int
    earliest: date
    latest: date
    type: str
    valence: str | None
    domain: str | None
    sources: int
    goldstein: float | None
    facets: str
    words: str


class PostgresDocuments:
    """The documents of one generation. All methods raise UnavailableError when the server is away."""

    def __init__(self, pool: "Pool", generation: int) -> None:
        self._pool = pool
        self._generation = generation
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
            rows = await connection.fetch(self._sql["load"], partition, start, goal, most)
            await self._write(connection, rows)
            reached = goal if len(rows) < most else rows[-1]["from_offset"] + 1
            await connection.execute(self._sql["advance"], partition, reached)
            await connection.execute("select pg_notify('dyadline_projected', 'documents')")

    async def add(self, connection: "Connection", partition: int, offsets: Sequence[int]) -> None:
        """Make documents of revisions that a redrive has made behind the checkpoint, inside its transaction."""
        reached = await self._lock(connection, partition)
        await self._write(connection, await connection.fetch(self._sql["load_at"], partition, list(offsets), reached))

    async def _lock(self, connection: "Connection", partition: int) -> int:
        async with ending_blockers(self._pool, connection):
            return int(await connection.fetchval(self._sql["lock"], partition))

    async def _write(self, connection: "Connection", rows: Sequence[Any]) -> None:
        if not rows:
            return
        documents = [document_of(event_content(row["content"]), row["batch"]) for row in rows]
        written = [_read(row, document) for row, document in zip(rows, documents, strict=True)]
        await connection.execute(self._sql["write"], *(list(column) for column in zip(*written, strict=True)))
        replacing = [row for row in rows if row["revision"] > 1]
        await self._count_names(connection, rows, documents, replacing)
        if replacing:
            await connection.execute(self._sql["close"], [row["event_id"] for row in replacing])

    async def _count_names(
        self,
        connection: "Connection",
        rows: Sequence[Any],
        documents: Sequence[SearchDocument],
        replacing: Sequence[Any],
    ) -> None:
        named = [
            (facet, spelling, row["from_offset"], int(row["action"] != "retracted"))
            for row, document in zip(rows, documents, strict=True)
            for facet, spelling in document.spellings.items()
        ]
        if named or replacing:
            columns = [[each[number] for each in named] for number in range(4)]
            replaced = [row["event_id"] for row in replacing], [row["revision"] - 1 for row in replacing]
            await connection.execute(self._sql["count_names"], rows[0]["partition"], *columns, *replaced)


def _read(row: Mapping[str, Any], document: SearchDocument) -> _Read:
    entry = document.entry
    kind, valence, domain, _, sources, goldstein = entry.traits
    return _Read(
        row["event_id"], row["revision"], entry.span, entry.earliest, entry.latest,
        kind, valence, domain, sources, goldstein, _BETWEEN_FACETS.join(document.facets), document.words,
    )  # fmt: skip
