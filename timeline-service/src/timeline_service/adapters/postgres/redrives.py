"""Parked records that are to be judged again: found, loaded, and replaced by what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from timeline_service.adapters.postgres.database import connected_to
from timeline_service.adapters.postgres.projection import Checkpoint, PostgresProjection
from timeline_service.adapters.postgres.search_documents import PostgresDocuments
from timeline_service.adapters.postgres.sql_files import generation_statements
from timeline_service.errors import FencedError
from timeline_service.judge.batch import Counts, RowChanges
from timeline_service.judge.batch_counts import named_in
from timeline_service.judge.decoding import RawRecord, read_headers

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool


class ParkedEvent(NamedTuple):
    """An event of which records are parked in a partition, or those there that name no event."""

    partition: int
    event_id: str | None


class _Recount(NamedTuple):
    """The fence of a redrive, and what it changes a partition's counts by: the parameters of `recount`."""

    partition: int
    epoch: int
    next_offset: int
    applied: int
    duplicate: int
    rejected: int
    parked: int
    redriven: int


class PostgresRedrives:
    """The parked records of one generation. All methods raise UnavailableError when the server is away."""

    def __init__(self, pool: "Pool", projection: PostgresProjection, documents: PostgresDocuments) -> None:
        self._pool = pool
        self._projection = projection
        self._documents = documents
        self._sql: Final = generation_statements("redrives", projection.generation)

    async def find(self, partitions: Collection[int], code_version: str) -> list[ParkedEvent]:
        """Events, by partition, of which a redrive is asked for, or which other code has parked."""
        async with connected_to(self._pool, self._projection.generation) as connection:
            rows = await connection.fetch(self._sql["find"], sorted(partitions), code_version)
        return [
            ParkedEvent(row["partition"], str(row["event_id"]) if row["event_id"] is not None else None) for row in rows
        ]

    async def load(self, parked: ParkedEvent) -> Sequence[tuple[RawRecord, datetime]]:
        """What is parked of an event, oldest first, each with its recorded_at."""
        async with connected_to(self._pool, self._projection.generation) as connection:
            rows = await connection.fetch(self._sql["load"], *parked)
        return [
            (
                RawRecord(
                    row["partition"],
                    row["offset"],
                    int(row["recorded_at"].timestamp() * 1000),
                    row["key"],
                    row["value"],
                    read_headers(row["headers"]),
                ),
                row["recorded_at"],
            )
            for row in rows
        ]

    async def replace(self, held: Checkpoint, offsets: Sequence[int], changes: RowChanges) -> Checkpoint:
        """Write what became of parked records in their stead, under the fence; returns the new checkpoint.

        Raises FencedError, with nothing written, if somebody else has taken the partition over.
        """
        counts = changes.counts.get(held.partition, Counts())
        parked_again = {row.offset for row in changes.outcomes if row.outcome == "parked"}
        judged = [offset for offset in offsets if offset not in parked_again]
        recount = _Recount(
            partition=held.partition,
            epoch=held.epoch,
            next_offset=held.next_offset,
            applied=counts.applied,
            duplicate=counts.duplicate,
            rejected=counts.rejected,
            parked=counts.parked - len(offsets),
            redriven=len(judged),
        )
        async with connected_to(self._pool, self._projection.generation) as connection, connection.transaction():
            await self._projection.lock(connection, [held.partition])
            recounted = await connection.fetchrow(self._sql["recount"], *recount)
            removed = await connection.fetch(self._sql["unpark"], held.partition, list(offsets))
            if recounted is None or len(removed) != len(offsets):
                raise FencedError(f"another projector has taken over partition {held.partition}")
            await connection.execute(self._sql["forget"], held.partition, list(offsets))
            first = recounted["redriven"] - len(judged)
            await connection.execute(self._sql["note_redriven"], held.partition, first, held.next_offset, judged)
            await self._projection.write_rows(connection, changes)
            loads = named_in(changes.batch_counts) | {row["batch"] for row in removed if row["batch"] is not None}
            for name in ("forget_parked", "count_parked"):
                await connection.execute(self._sql[name], held.partition, sorted(loads))
            await self._documents.add(connection, held.partition, offsets)
            await connection.execute("select pg_notify('dyadline_projected', $1)", str(self._projection.generation))
        return replace(held, parked=recounted["parked"])
