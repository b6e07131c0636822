"""What the API reads of single events and records, and the read points at which it reads.

Which generation is live is never known beforehand: the statement that reads how far one is says, in its own snapshot,
whether it is that which is to be read. So what begins after a swap has committed reads the new one, in every process.
"""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import asyncpg

from event_schemas.positions import format_positions
from timeline_service.adapters.postgres.database import connected
from timeline_service.adapters.postgres.generations import PostgresGenerations, find_readable_generation
from timeline_service.adapters.postgres.notifications import PostgresNotificationListener
from timeline_service.adapters.postgres.read_pools import ReadPool, reading
from timeline_service.adapters.postgres.rows import (
    BytesRow,
    CheckpointRow,
    HistoryRow,
    NewestRow,
    PairVectorRow,
    ParkedRow,
    ReachedRow,
    ReadablePairRow,
    ReadableRow,
    RecordRow,
    RequestedRow,
    TitleRow,
    TouchedRow,
    VectorRow,
    columns_of,
    rows_of,
)
from timeline_service.adapters.postgres.sql_files import bound, filled, generation_shape, of_generation, read_statements
from timeline_service.domain.portions import WHOLE_BYTES
from timeline_service.domain.revisions import Revision
from timeline_service.domain.vectors import (
    OffsetVector,
    PairPoint,
    ReadPoint,
    narrowed,
    reached,
    timeline_position,
    vector_of,
)
from timeline_service.errors import DroppedError, EndedError, UnavailableError, UnknownGenerationError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool

Kind = TypeVar("Kind", bound=NamedTuple)
Asked = tuple[str, *tuple[Any, ...]]
Answer = TypeVar("Answer")
_MAX_SWAPS: Final = 5
_LOOK_SECONDS: Final = 0.5


class PostgresReader:
    """Queries over the projection. All methods raise UnavailableError when the server is away.

    `pool` is the primary's: how far the projection is, and what changes without it, is asked there. What is asked at a
    read point is answered by whoever of `read_pool` holds that.
    """

    def __init__(self, pool: "Pool", read_pool: ReadPool, notifications: PostgresNotificationListener) -> None:
        self._pool = pool
        self._read_pool = read_pool
        self._notifications = notifications
        self._generations = PostgresGenerations(pool)
        self._statements = dict(read_statements("reader"))
        live = read_statements("generations")["live"].replace("$1", "$shape")
        for name in ("vector", "search_vector", "pair_vector"):
            words = {"{readable}": live, "{vector}": self._statements[name], "{columns}": columns_of(VectorRow)}
            self._statements[f"readable_{name}"] = filled(self._statements["of_readable"], words)
        self._supposed: int | None = None  # to be live, as the last look had it

    async def read_point(self, *, searching: bool = False, generation: int | None = None) -> ReadPoint:
        """How far a generation is, by default the live one; `searching`: how far its documents are.

        Raises UnknownGenerationError for a generation that is not there to be read.
        """
        name = "search_vector" if searching else "vector"
        if generation is None:
            return await self._moment_now(name)
        await self.generation(generation)
        return _moment_of(generation, await self._fetch(VectorRow, generation, name))

    async def read_point_after(
        self,
        positions: Mapping[int, int],
        seconds: float,
        *,
        searching: bool = False,
        generation: int | None = None,
    ) -> ReadPoint:
        """Wait until the generation, or its documents, hold the positions.

        Raises UnavailableError when the time is over, KeyError for a partition that the topic does not have, EndedError
        where the generation ends before a position, and UnknownGenerationError as `read_point` does.
        """
        deadline = time.monotonic() + seconds
        while True:
            point = await self.read_point(searching=searching, generation=generation)
            if not positions:
                return point
            if point.vector:
                if strangers := [partition for partition in positions if partition >= len(point.vector)]:
                    raise KeyError(strangers[0])
                if reached(point.vector, positions):
                    return point
            if generation is not None and (until := (await self.generation(generation))["until"]) is not None:
                end = f"at {position}" if (position := timeline_position(until)) else "before the first record"
                raise EndedError(f"generation {generation} ends {end}: it never gets to {format_positions(positions)}")
            left = deadline - time.monotonic()
            if left <= 0:
                raise UnavailableError("the projection has not got to the position that was asked for yet")
            await self._notifications.wait(min(left, _LOOK_SECONDS))

    async def generation(self, n: int) -> Mapping[str, Any]:
        """A generation that this code can read, live or not; raises UnknownGenerationError."""
        rows = {row["n"]: row for row in await self._generations.ready()}
        if n not in rows:
            raise UnknownGenerationError(f"there is no generation {n}: /v1/generations lists those there are")
        if rows[n]["shape"] != generation_shape():
            raise UnknownGenerationError(f"generation {n} was made by code of another shape: this code cannot read it")
        return rows[n]

    async def event(self, point: ReadPoint, event_id: str) -> Revision | None:
        """An event's revision at the read point, or None if it has none."""
        rows = await self._read(Revision, point, "event", vector=point.vector, event_id=event_id)
        return rows[0] if rows else None

    async def titles(self, point: ReadPoint, event_ids: Collection[str]) -> Mapping[str, str]:
        """What events are called now; of those that there are."""
        rows = await self._read(TitleRow, point, "titles", event_ids=sorted(event_ids))
        return {str(row.event_id): row.title for row in rows}

    async def narrow(self, point: ReadPoint, pair: str) -> OffsetVector:
        """The least vector at which a pair reads as at this read point: it stays while the pair is not touched."""
        rows = await self._fetch(TouchedRow, point.generation, "touched", pair=pair)
        return narrowed(point.vector, {row.partition: row.last_offset for row in rows})

    async def record(self, point: ReadPoint, partition: int, offset: int) -> RecordRow | None:
        """What became of a record: the revision that it made, or its other outcome; None where there is none."""
        rows = await self._read(RecordRow, point, "record", partition=partition, offset=offset)
        return rows[0] if rows else None

    async def history(self, point: ReadPoint, event_id: str) -> NewestRow | None:
        """An event's newest revision at the read point, with its place and the size of all contents, if there are."""
        (row,) = await self._read(NewestRow, point, "history", vector=point.vector, event_id=event_id)
        return row if row.revision is not None else None

    async def revisions(self, point: ReadPoint, event_id: str, most_bytes: int) -> AsyncIterator[Sequence[HistoryRow]]:
        """An event's revisions at the read point, in order, some at a time: so many bytes, or a single one of more."""
        behind, event = 0, {"vector": point.vector, "event_id": event_id}
        bounds = {"most_rows": 1_000, "most_bytes": most_bytes}
        while rows := await self._read(HistoryRow, point, "revisions", **event, behind=behind, **bounds):
            yield rows
            behind = rows[-1].revision

    async def latest(self, point: ReadPoint, limit: int) -> Sequence[Revision]:
        """The revisions that were recorded last, the newest first."""
        return await self._read(Revision, point, "latest", vector=point.vector, most_rows=limit)

    async def read_point_as_of(self, point: ReadPoint, instant: datetime) -> ReadPoint:
        """The read point at which the records of an instant, and none later, were projected."""
        rows = await self._read(ReachedRow, point, "vector_as_of", instant=instant)
        offsets = {row.partition: row.next_offset for row in rows}
        return replace(point, vector=vector_of(offsets, len(point.vector)))

    async def parked(self, point: ReadPoint, after: tuple[int, int], limit: int) -> Sequence[ParkedRow]:
        """Parked records by position, from behind (partition, offset) on; of their bytes what goes into WHOLE_BYTES.

        Where that is less than all, `headers` is None and `size` says how many there are: `parked_bytes` reads them.
        """
        partition, offset = after
        place = {"partition": partition, "offset": offset}
        bounds = {"most_rows": limit, "most_bytes": WHOLE_BYTES}
        return await self._fetch(ParkedRow, point.generation, "parked", **place, **bounds)

    async def parked_bytes(self, point: ReadPoint, rows: Sequence[ParkedRow]) -> Sequence[ParkedRow]:
        """The rows with their bytes. Raises UnavailableError where one was judged meanwhile, which ends that answer."""
        missing = [row for row in rows if row.headers is None]
        if not missing:
            return rows
        places = {"partitions": [row.partition for row in missing], "offsets": [row.offset for row in missing]}
        found = await self._fetch(BytesRow, point.generation, "parked_bytes", **places)
        if len(found) < len(missing):
            raise UnavailableError("a record was judged again while the list of those that are parked was read")
        read = {(row.partition, row.offset): row._asdict() for row in found}
        return [row._replace(**read.get((row.partition, row.offset), {})) for row in rows]

    async def request_redrive(self, point: ReadPoint, partition: int, offset: int) -> bool:
        """Store that a parked record is to be judged again; False if it is not parked."""
        place = {"partition": partition, "offset": offset}
        return bool(await self._fetch(RequestedRow, point.generation, "request_redrive", **place))

    async def checkpoints(self, point: ReadPoint) -> Sequence[CheckpointRow]:
        """How far each partition is, by whom, with what outcomes."""
        return await self._fetch(CheckpointRow, point.generation, "status")

    async def secret(self, name: str) -> bytes:
        """A random key that all processes of the API share; made when it is first asked for."""
        statements = read_statements("control")
        try:
            async with connected(self._pool) as connection:
                await connection.execute(statements["keep_secret"], name, secrets.token_bytes(32))
                return bytes(await connection.fetchval(statements["secret"], name))
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
            raise UnavailableError("the database has no tables yet: run timeline migrate") from error

    async def pair_point(self, pair: str) -> PairPoint:
        """How far the live generation is, and the least vector at which a pair reads so."""

        async def ask(generation: int) -> tuple[int | None, PairPoint]:
            values = {"shape": generation_shape(), "pair": pair}
            rows = await self._fetch(ReadablePairRow, generation, "readable_pair_vector", **values)
            point = pair_point_of(generation, [row.vector for row in rows if row.partition is not None])
            return (rows[0].readable if rows else None), point

        return await self.of_readable(ask)

    async def of_readable(self, ask: Callable[[int], Awaitable[tuple[int | None, Answer]]]) -> Answer:
        """What is answered by the generation that is to be read: `ask` one, and it says which that is as well.

        The first that is asked is the one that was to be read when the last look was taken.
        """
        generation = self._supposed
        for _ in range(_MAX_SWAPS):
            if generation is None:
                async with connected(self._pool) as connection:
                    generation = await find_readable_generation(connection)
            try:
                readable, answer = await ask(generation)
            except DroppedError:
                generation = None
                continue
            if readable == generation:
                self._supposed = generation
                return answer
            generation = readable
        raise UnavailableError("another generation is made the live one all the time")

    async def _moment_now(self, name: str) -> ReadPoint:
        async def ask(generation: int) -> tuple[int | None, ReadPoint]:
            rows = await self._fetch(ReadableRow, generation, f"readable_{name}", shape=generation_shape())
            point = _moment_of(generation, [row.vector for row in rows if row.partition is not None])
            return (rows[0].readable if rows else None), point

        return await self.of_readable(ask)

    async def _fetch(self, kind: type[Kind], generation: int, name: str, **values: Any) -> Sequence[Kind]:
        """Rows as the primary has them now."""
        async with reading(self._pool, generation) as connection:
            return rows_of(kind, await connection.fetch(*self._asked(kind, generation, name, values)))

    async def _read(self, kind: type[Kind], point: ReadPoint, name: str, **values: Any) -> Sequence[Kind]:
        """Rows as whoever holds the read point has them."""
        asked = self._asked(kind, point.generation, name, values)
        return rows_of(kind, await self._read_pool.read(point, lambda connection: connection.fetch(*asked)))

    def _asked(self, kind: type[Kind], generation: int, name: str, values: Mapping[str, Any]) -> Asked:
        sql = of_generation(self._statements[name].replace("{columns}", columns_of(kind)), generation)
        return bound(sql, **values)


def vector_statement(generation: int, *, searching: bool = False) -> str:
    """The statement that tells how far a generation, or its documents, are, in rows of a VectorRow."""
    statement = read_statements("reader")["search_vector" if searching else "vector"]
    return of_generation(statement.replace("{columns}", columns_of(VectorRow)), generation)


def pair_point_of(generation: int, rows: "Sequence[PairVectorRow]") -> PairPoint:
    """How far a generation is, and the least vector at which a pair reads so."""
    now = _moment_of(generation, rows)
    touched = {row.partition: row.last_offset for row in rows if row.last_offset is not None}
    return PairPoint(now, narrowed(now.vector, touched))


def _moment_of(generation: int, rows: "Sequence[VectorRow | PairVectorRow]") -> ReadPoint:
    offsets = {row.partition: row.next_offset for row in rows}
    partitions = rows[0].partition_count if rows else 0
    redrives = {row.partition: row.redriven for row in rows}
    return ReadPoint(generation, vector_of(offsets, partitions), vector_of(redrives, partitions))
