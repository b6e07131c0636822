"""What the API reads: each answer from one generation, at one vector."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from timeline_service.adapters.postgres_bell import PostgresBell
from timeline_service.adapters.postgres_database import connected
from timeline_service.adapters.sql_files import generation_schema, read_statements
from timeline_service.domain.vectors import Vector, reached, vector_of
from timeline_service.errors import UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres_database import Pool

Row = Mapping[str, Any]
_FRESH_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Moment:
    """Where an answer stands: a generation of the projection, and a vector of the log."""

    generation: int
    vector: Vector


@dataclass(frozen=True, slots=True)
class Span:
    """The dates that a timeline is asked for; date.min and date.max are open ends."""

    first: date = date.min
    last: date = date.max
    within: bool = False


@dataclass(frozen=True, slots=True)
class PairSelection:
    """Which pairs: all or a country's, by name or by count, from behind the last (count, pair) that was seen."""

    country: str | None = None
    by_count: bool = False
    key: tuple[int, str | None] = (0, None)


@dataclass(frozen=True, slots=True)
class SortKey:
    """An event's place in the contract's order."""

    earliest: date
    latest: date
    accepted_at: datetime
    event_id: str

    @classmethod
    def of(cls, row: Row) -> "SortKey":
        """The key of a row of a page."""
        return cls(row["earliest"], row["latest"], row["accepted_at"], str(row["event_id"]))


FIRST: Final = SortKey(date.min, date.min, datetime(1, 1, 2, tzinfo=UTC), "0" * 8 + "-0000" * 3 + "-" + "0" * 12)
LAST: Final = SortKey(date.max, date.max, datetime(9999, 12, 30, tzinfo=UTC), "f" * 8 + "-ffff" * 3 + "-" + "f" * 12)


_ASCENDING: Final = {
    "beyond": ">",
    "direction": "asc",
    "nearest": "greatest($7::date, bound.low)",
    "inside": "$7::date >= bound.low",
    "far": "-infinity",
}
_DESCENDING: Final = {
    "beyond": "<",
    "direction": "desc",
    "nearest": "least($7::date, bound.high)",
    "inside": "$7::date <= bound.high",
    "far": "infinity",
}


class PostgresReader:
    """Queries over the projection. All methods raise UnavailableError when the server is away."""

    def __init__(self, pool: "Pool", bell: PostgresBell) -> None:
        self._pool = pool
        self._bell = bell
        self._statements = read_statements("reading")
        self._live: tuple[int, float] | None = None

    async def moment(self) -> Moment:
        """The live generation, and how far it is."""
        generation = await self._live_generation()
        rows = await self._fetch(generation, "vector")
        offsets = {row["partition"]: row["next_offset"] for row in rows}
        return Moment(generation, vector_of(offsets, rows[0]["partition_count"] if rows else 0))

    async def moment_after(self, positions: Mapping[int, int], seconds: float) -> Moment:
        """Wait until the projection holds the positions.

        Raises UnavailableError when the time is over, KeyError for a partition that the topic does not have.
        """
        deadline = time.monotonic() + seconds
        while True:
            moment = await self.moment()
            if not positions:
                return moment
            if moment.vector:
                if strangers := [partition for partition in positions if partition >= len(moment.vector)]:
                    raise KeyError(strangers[0])
                if reached(moment.vector, positions):
                    return moment
            left = deadline - time.monotonic()
            if left <= 0:
                raise UnavailableError("the projection has not got to the position that was asked for yet")
            await self._bell.wait(min(left, _LOOK_SECONDS))

    async def timeline_page(
        self,
        moment: Moment,
        pair: str,
        span: Span,
        *,
        retracted: bool,
        descending: bool,
        after: SortKey | None,
        limit: int,
    ) -> Sequence[Row]:
        """Rows of a pair in the contract's order, from behind the key `after` on."""
        key = after or (LAST if descending else FIRST)
        where = (pair, span.first, span.last, span.within, retracted)
        rows = await self._fetch(
            moment.generation,
            "timeline_page",
            moment.vector,
            *where,
            *(key.earliest, key.latest, key.accepted_at, key.event_id),
            limit,
            **(_DESCENDING if descending else _ASCENDING),
        )
        return [dict(row) | {"first_accepted_at": row["accepted_at"]} for row in rows]

    async def timeline_count(self, moment: Moment, pair: str, span: Span, *, retracted: bool) -> int:
        """How many rows all pages of a timeline have together."""
        where = (pair, span.first, span.last, span.within, retracted)
        rows = await self._fetch(moment.generation, "timeline_count", moment.vector, *where)
        return int(rows[0]["count"])

    async def event(self, moment: Moment, event_id: str) -> Row | None:
        """An event's revision at the moment, or None if it has none."""
        rows = await self._fetch(moment.generation, "event", moment.vector, event_id)
        return rows[0] if rows else None

    async def record(self, moment: Moment, partition: int, offset: int) -> Row | None:
        """What became of a record: the row of the revision that it made, else of its other outcome, else None."""
        for name in ("applied_record", "other_record"):
            if rows := await self._fetch(moment.generation, name, partition, offset):
                return rows[0]
        return None

    async def revisions(self, moment: Moment, event_id: str) -> Sequence[Row]:
        """An event's revisions at the moment, in their order."""
        return await self._fetch(moment.generation, "revisions", moment.vector, event_id)

    async def moment_as_of(self, moment: Moment, instant: datetime) -> Moment:
        """The moment at which the records of an instant, and none later, were projected."""
        rows = await self._fetch(moment.generation, "vector_as_of", instant)
        offsets = {row["partition"]: row["next_offset"] for row in rows}
        return Moment(moment.generation, vector_of(offsets, len(moment.vector)))

    async def pairs_now(self, selection: PairSelection, limit: int) -> tuple[Moment, Sequence[Row]]:
        """Pairs that have events now, with counts and first and last dates, and the moment of which that is true."""
        generation = await self._live_generation()
        async with connected(self._pool) as connection, connection.transaction(isolation="repeatable_read"):
            vector = await connection.fetch(self._sql(generation, "vector"))
            rows = await connection.fetch(
                self._sql(generation, "pairs"), selection.country, selection.by_count, *selection.key, limit
            )
        offsets = {row["partition"]: row["next_offset"] for row in vector}
        moment = Moment(generation, vector_of(offsets, vector[0]["partition_count"] if vector else 0))
        return moment, [dict(row) for row in rows]

    async def pairs_at(self, moment: Moment, selection: PairSelection, limit: int) -> Sequence[Row]:
        """The same as it was at a moment, counted from the entries themselves."""
        return await self._fetch(
            moment.generation, "pairs_at", moment.vector, selection.country, selection.by_count, *selection.key, limit
        )

    async def parked(self, moment: Moment, after: tuple[int, int], limit: int) -> Sequence[Row]:
        """Parked records by position, from behind (partition, offset) on."""
        return await self._fetch(moment.generation, "parked", *after, limit)

    async def request_redrive(self, moment: Moment, partition: int, offset: int) -> bool:
        """Store that a parked record is to be judged again; False if it is not parked."""
        return bool(await self._fetch(moment.generation, "request_redrive", partition, offset))

    async def checkpoints(self, moment: Moment) -> Sequence[Row]:
        """How far each partition is, by whom, with what outcomes."""
        return await self._fetch(moment.generation, "status")

    async def secret(self, name: str) -> bytes:
        """A random key that all processes of the API share; made when it is first asked for."""
        statements = read_statements("control")
        async with connected(self._pool) as connection:
            await connection.execute(statements["keep_secret"], name, secrets.token_bytes(32))
            return bytes(await connection.fetchval(statements["secret"], name))

    async def _live_generation(self) -> int:
        if self._live is not None and time.monotonic() - self._live[1] < _FRESH_SECONDS:
            return self._live[0]
        async with connected(self._pool) as connection:
            n = await live_generation(connection)
        self._live = (n, time.monotonic())
        return n

    def _sql(self, generation: int, name: str, **words: str) -> str:
        sql = self._statements[name].replace("{schema}", generation_schema(generation))
        for word, meaning in words.items():
            sql = sql.replace(f"{{{word}}}", meaning)
        return sql

    async def _fetch(self, generation: int, name: str, *values: Any, **words: str) -> Sequence[Row]:
        sql = self._sql(generation, name, **words)
        async with connected(self._pool) as connection:
            return [dict(row) for row in await connection.fetch(sql, *values)]


async def live_generation(connection: Any) -> int:
    """The number of the generation that is read; raises UnavailableError before the first migration."""
    import asyncpg

    try:
        n = await connection.fetchval(read_statements("control")["live_generation"])
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise UnavailableError("the database has no tables yet: run timeline migrate") from error
    if n is None:
        raise UnavailableError("no generation of the projection is live: run timeline migrate")
    return int(n)
