"""The projection as its projector sees it: owned by epoch, read by event, written in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from event_schemas.positions import format_position
from timeline_service.adapters.postgres.blockers import ending_blockers
from timeline_service.adapters.postgres.copying import copy_rows
from timeline_service.adapters.postgres.database import connected_to
from timeline_service.adapters.postgres.sql_files import generation_schema, generation_statements
from timeline_service.errors import FencedError
from timeline_service.judge.batch import BEHIND, Counts, EventState, RowChanges
from timeline_service.judge.batch_counts import batch_rows
from timeline_service.judge.entries import event_content
from timeline_service.judge.fold import History, Revision
from timeline_service.judge.rows import EntryRow, OutcomeRow, RevisionRow

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool


#: The channel that tells live feeds which records are followed in traces.
TRACED: Final = "dyadline_traced"
_UNTRACED: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a partition is projected, under which epoch, and what its last record was."""

    partition: int
    next_offset: int
    epoch: int
    cluster_id: str
    partition_count: int
    last_offset: int | None
    last_timestamp: int | None
    last_sha256: bytes | None
    recorded_at: datetime | None
    parked: int


@dataclass(frozen=True, slots=True)
class Advance:
    """Where a batch takes a partition: its last record's offset, timestamp, digest and recorded_at."""

    last_offset: int
    last_timestamp: int
    last_sha256: bytes
    recorded_at: datetime


class _Step(NamedTuple):
    """One partition's part of `advance_checkpoints`, whose columns it names."""

    partition: int
    epoch: int
    expected: int
    next_offset: int
    last_timestamp: int
    last_sha256: bytes
    recorded_at: datetime
    applied: int
    duplicate: int
    rejected: int
    parked: int
    gaps: int


class PostgresProjection:
    """One generation of the projection. All methods raise UnavailableError when the server is away."""

    def __init__(self, pool: "Pool", generation: int) -> None:
        schema = generation_schema(generation)
        self.generation = generation
        self._pool = pool
        self._schema: Final = schema
        self._sql: Final = generation_statements("projection", generation)

    async def take_over(
        self, partitions: Collection[int], owner: str, cluster_id: str, partition_count: int, *, only_live: bool = True
    ) -> dict[int, Checkpoint]:
        """Become the owner of partitions; whoever was it finds itself fenced.

        Waits some seconds for its last transaction, which is ended then: it may be frozen, or cut off.

        None are taken of a generation that is not live, unless `only_live` says that this is meant.
        """
        async with (
            connected_to(self._pool, self.generation) as connection,
            ending_blockers(self._pool, connection),
        ):
            rows = await connection.fetch(
                self._sql["take_over"], sorted(partitions), owner, cluster_id, partition_count, only_live
            )
        return {row["partition"]: Checkpoint(**row) for row in rows}

    async def checkpoints(self) -> dict[int, Checkpoint]:
        """All partitions' checkpoints, whoever owns them."""
        async with connected_to(self._pool, self.generation) as connection:
            rows = await connection.fetch(self._sql["checkpoints"])
        return {row["partition"]: Checkpoint(**row) for row in rows}

    async def is_live(self) -> bool:
        """Whether this is the generation that is read."""
        async with connected_to(self._pool, self.generation) as connection:
            return bool(await connection.fetchval(self._sql["is_live"]))

    async def load(
        self, event_ids: Collection[str], changed: Collection[str], *, parked: bool
    ) -> dict[str, EventState]:
        """What is known of events; of those in `changed` also their words. `parked`: whether any record may be."""
        known = {event_id: EventState() for event_id in event_ids}
        async with connected_to(self._pool, self.generation) as connection:
            rows = await connection.fetch(self._sql["load_histories"], ",".join(event_ids))
            for event_id, revisions in groupby(rows, key=lambda row: row["event_id"]):
                known[str(event_id)].history = _history(list(revisions))
            if changed:
                for row in await connection.fetch(self._sql["load_contents"], list(changed)):
                    known[str(row["event_id"])].content = event_content(row["content"])
            if parked:
                for row in await connection.fetch(self._sql["load_parked"], list(event_ids)):
                    known[str(row["event_id"])].parked = True
        return known

    async def last_failing(self, partitions: Collection[int], most: int) -> dict[int, list[bool]]:
        """Of each partition's last records, at most so many, which could not be judged by themselves; oldest first."""
        failing: dict[int, list[bool]] = {partition: [] for partition in partitions}
        async with connected_to(self._pool, self.generation) as connection:
            for row in await connection.fetch(self._sql["last_failing"], sorted(partitions), most, BEHIND):
                failing[row["partition"]].append(row["failing"])
        return failing

    async def write(
        self,
        checkpoints: Mapping[int, Checkpoint],
        advances: Mapping[int, Advance],
        changes: RowChanges,
        traces: Mapping[str, str] = _UNTRACED,
    ) -> dict[int, Checkpoint]:
        """Write a batch and advance its partitions, all or nothing; returns their new checkpoints.

        `traces`: the spans of records, by position, below which live feeds go on.

        Raises FencedError, with nothing written, if somebody else has taken one of them over, or it is stopped, and
        HaltError if the batch does not account for each offset from the checkpoints to its last records.
        """
        async with connected_to(self._pool, self.generation) as connection, connection.transaction():
            await connection.execute("set local synchronous_commit = off")  # the log has it all
            await self.lock(connection, advances)
            await self._advance(connection, checkpoints, advances, changes)
            await self.write_rows(connection, changes)
            if traces:
                await connection.execute("select pg_notify($1, $2)", TRACED, orjson.dumps(traces).decode())
            await connection.execute("select pg_notify('dyadline_projected', $1)", str(self.generation))
        return {
            partition: replace(
                checkpoints[partition],
                next_offset=advance.last_offset + 1,
                last_offset=advance.last_offset,
                last_timestamp=advance.last_timestamp,
                last_sha256=advance.last_sha256,
                recorded_at=advance.recorded_at,
                parked=checkpoints[partition].parked + changes.counts.get(partition, Counts()).parked,
            )
            for partition, advance in advances.items()
        }

    async def pass_markers(self, held: Checkpoint, next_offset: int, gap: int) -> Checkpoint:
        """Advance a partition past so many offsets that hold no record; raises FencedError and HaltError."""
        await self._fenced("pass_markers", held, next_offset, gap)
        return replace(held, next_offset=next_offset)

    async def name_cluster(self, held: Checkpoint, cluster_id: str) -> Checkpoint:
        """Write down whose log a partition was found to be, of which that was not known; raises FencedError."""
        await self._fenced("name_cluster", held, cluster_id)
        return replace(held, cluster_id=cluster_id)

    async def stop(self, held: Checkpoint, reason: str) -> None:
        """Write down why a partition is projected no further; raises FencedError."""
        await self._fenced("stop", held, reason)

    async def _fenced(self, name: str, held: Checkpoint, *values: Any) -> None:
        async with connected_to(self._pool, self.generation) as connection:
            where = (held.partition, held.epoch, held.next_offset)
            if await connection.fetchval(self._sql[name], *where, *values) is None:
                raise FencedError(f"another projector has taken over partition {held.partition}")

    async def _advance(
        self,
        connection: "Connection",
        checkpoints: Mapping[int, Checkpoint],
        advances: Mapping[int, Advance],
        changes: RowChanges,
    ) -> None:
        steps = [
            _step(checkpoints[partition], advance, changes.counts.get(partition, Counts()))
            for partition, advance in advances.items()
        ]
        advanced = await connection.fetch(self._sql["advance_checkpoints"], *_columns(steps))
        if len(advanced) != len(steps):
            lost = sorted({step.partition for step in steps} - {row["partition"] for row in advanced})
            raise FencedError(f"another projector has taken over partitions {lost}, or they are stopped")

    async def lock(self, connection: "Connection", partitions: Collection[int]) -> None:
        """Lock the checkpoints of partitions for the caller's transaction, whoever holds them up."""
        async with ending_blockers(self._pool, connection):
            await connection.fetch(self._sql["lock_checkpoints"], sorted(partitions))

    async def write_rows(self, connection: "Connection", changes: RowChanges) -> None:
        """Write a batch's rows inside the caller's fenced transaction."""
        if changes.closed_revisions:  # before the new rows come, of which some have the same sort key
            await connection.execute(self._sql["close_revisions"], *_columns(changes.closed_revisions))
            await connection.execute(self._sql["close_entries"], *_columns(changes.closed_entries))
        await copy_rows(connection, self._schema, "revisions", RevisionRow, changes.revisions)
        await copy_rows(connection, self._schema, "entries", EntryRow, changes.entries)
        await copy_rows(connection, self._schema, "outcomes", OutcomeRow, changes.outcomes)
        if changes.pair_counts:
            touched = sorted((*key, *value) for key, value in changes.pair_counts.items())
            await connection.execute(self._sql["count_pairs"], *_columns(touched))
        if changes.batch_counts:
            await connection.execute(self._sql["count_batches"], *_columns(batch_rows(changes.batch_counts)))


def _step(held: Checkpoint, advance: Advance, counts: Counts) -> _Step:
    return _Step(
        partition=held.partition,
        epoch=held.epoch,
        expected=held.next_offset,
        next_offset=advance.last_offset + 1,
        last_timestamp=advance.last_timestamp,
        last_sha256=advance.last_sha256,
        recorded_at=advance.recorded_at,
        applied=counts.applied,
        duplicate=counts.duplicate,
        rejected=counts.rejected,
        parked=counts.parked,
        gaps=counts.gaps,
    )


def _history(rows: Sequence[Any]) -> History:
    revisions = tuple(
        Revision(
            row["revision"],
            row["action"],
            row["record_id"],
            row["digest"].hex() if row["digest"] is not None else None,
            format_position(row["partition"], row["from_offset"]),
        )
        for row in rows
    )
    return History(rows[0]["first_accepted_at"], rows[0]["first_recorded_at"], revisions)


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as columns, the shape that unnest takes."""
    return [list(column) for column in zip(*rows, strict=True)]
