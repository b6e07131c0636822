"""Two projections held against each other, table by table, in the database that has both."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import orjson

from event_schemas.positions import format_position
from service_edge.topic_check import Topic
from timeline_service.adapters.postgres.database import connect, going_away
from timeline_service.adapters.postgres.sql_files import read_statements
from timeline_service.domain.comparisons import (
    KEYS,
    MOST_LISTED,
    PRESENT_ONLY,
    Difference,
    TableDigest,
    differences_of,
    key_text,
    position_of,
)
from timeline_service.domain.vectors import Vector, vector_of
from timeline_service.errors import HaltError

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_SESSION: Final = {"application_name": "dyadline replay", "jit": "off", "timezone": "UTC", "work_mem": "64MB"}


@dataclass(frozen=True, slots=True)
class Stray:
    """A row that no record of the log can have made."""

    table: str
    key: str
    partition: int
    from_offset: int
    until_offset: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A projection at a vector: that of the log and that of its documents, and the digests of its tables there.

    The vectors are the checkpoints', or go as far as the rows do where those were set back. `held` is what the
    checkpoints of the documents say. `counts` says how many strays a table has, of which some are listed; `foreign` are
    checkpoints that name another cluster.
    """

    vector: Vector
    documents: Vector
    held: Vector
    redriven: int
    digests: Mapping[str, TableDigest]
    strays: Sequence[Stray]
    counts: Mapping[str, int]
    foreign: Sequence[Difference]
    parked_elsewhere: int


@dataclass(frozen=True, slots=True)
class Drill:
    """What the rows of differing buckets are: the differences that are listed, and how many rows differ."""

    listed: Sequence[Difference]
    rows: int


class PostgresComparison:
    """The live projection's `schema`, and `scratch` for what is kept of it meanwhile.

    Its methods raise UnavailableError when the server is away. They take connections of their own: a comparison must
    not hold up those who read.
    """

    def __init__(self, url: str, schema: str, scratch: str) -> None:
        self._url = url
        self._schema = schema
        self._scratch = scratch
        self._sql = read_statements("comparison")

    async def vectors(self, schema: str, partitions: int) -> tuple[Vector, Vector]:
        """How far a projection and its documents are."""
        async with _connection(self._url) as connection:
            rows = await connection.fetch(self._sql["vectors"].replace("{schema}", schema))
        return _vectors(rows, partitions)

    async def reach(self, partitions: int) -> Vector:
        """How far the live projection is."""
        return (await self.vectors(self._schema, partitions))[0]

    async def snapshot(
        self, topic: Topic, code_version: str, ends: Callable[[], Awaitable[Vector]], until: Vector | None = None
    ) -> Snapshot:
        """Digest the live tables in one REPEATABLE READ snapshot, which ends with it; `until`: as at that vector.

        `ends` tells where the log ends, which is no earlier than where the snapshot does.

        Without `until`, what a vector cannot tell the past of is kept, for `drill`.
        """
        async with _connection(self._url) as connection, connection.transaction(isolation="repeatable_read"):
            rows = await connection.fetch(self._live("vectors"))
            vector, held = _vectors(rows, topic.partitions)
            documents = held
            strays: list[Stray] = []
            counts = Counter[str]()
            foreign: list[Difference] = []
            if until is not None:
                vector, documents = until, tuple(map(min, documents, until))
            else:
                log_ends = await ends()
                vector = _further(vector, await connection.fetch(self._live("reach"), log_ends))
                documents = _further(held, await connection.fetch(self._live("reach_of_documents"), vector))
                for row in await connection.fetch(self._live("beyond"), vector, documents, MOST_LISTED):
                    place = (row["partition"], row["from_offset"], row["until_offset"])
                    key = orjson.loads(row["key"])
                    named = key_text({name: key[name] for name in KEYS[row["table"]]})
                    strays.append(Stray(row["table"], named, *place))
                    counts[row["table"]] = row["total"]
                for row in await connection.fetch(self._live("strayed_checkpoints"), vector):
                    named = key_text({"partition": row["partition"]})
                    strays.append(Stray("search_checkpoints", named, row["partition"], row["next_offset"], None))
                    counts["search_checkpoints"] += 1
                for row in await connection.fetch(self._live("foreign_checkpoints"), topic.cluster_id):
                    named = key_text({"partition": row["partition"]})
                    field = ("cluster_id", row["cluster_id"], topic.cluster_id)
                    foreign.append(Difference("checkpoints", named, *field, position_of(dict(row))))
                await connection.execute(self._live("keep").replace("{scratch}", self._scratch))
            tables = [name for name in KEYS if until is None or name not in PRESENT_ONLY]
            return Snapshot(
                vector,
                documents,
                held,
                sum(row["redriven"] for row in rows),
                {name: await self._digest(connection, self._schema, name, vector, documents) for name in tables},
                strays,
                counts,
                foreign,
                await connection.fetchval(self._live("parked_elsewhere"), code_version),
            )

    async def redriven(self) -> int:
        """How often something was put into the live projection's past."""
        async with _connection(self._url) as connection:
            return sum(row["redriven"] for row in await connection.fetch(self._live("vectors")))

    async def digests(
        self, schema: str, vector: Vector, documents: Vector, tables: Collection[str] = tuple(KEYS)
    ) -> dict[str, TableDigest]:
        """The digests of a projection's tables at a vector."""
        async with _connection(self._url) as connection:
            return {name: await self._digest(connection, schema, name, vector, documents) for name in tables}

    async def drill(self, schema: str, table: str, snapshot: Snapshot, buckets: Collection[int], most: int) -> Drill:
        """Row by row what differs in some buckets of a table. The live rows are read again, as at the vector."""
        live, log = self._sql[table], self._sql[table].replace("{schema}", schema)
        live = live.replace("{schema}", self._scratch if table in PRESENT_ONLY else self._schema)
        if table in PRESENT_ONLY:
            live = live.replace(f".{table}", f".{table}_then")
        sql = self._sql["differences"].replace("{live}", live).replace("{log}", log).replace("{key}", _key(table))
        listed: list[Difference] = []
        total = 0
        async with _connection(self._url) as connection, connection.transaction(readonly=True):
            values = (snapshot.vector, snapshot.documents, sorted(buckets), most)
            async for row in connection.cursor(sql, *values, prefetch=50):
                total = row["total"]
                listed += differences_of(table, *(_row(row[side]) for side in ("live", "log")))
        return Drill(listed[:most], total)

    async def explained(self, schema: str, vector: Vector) -> dict[str, Any]:
        """What stands in the log and in no timeline: how many records, and the first of those that were refused."""
        async with _connection(self._url) as connection:
            counted = await connection.fetch(self._sql["counted"].replace("{schema}", schema), vector)
            rows = await connection.fetch(self._sql["explained"].replace("{schema}", schema), vector, MOST_LISTED)
        counts = {row["outcome"]: row["records"] for row in counted}
        return {
            **{name: counts.get(name, 0) for name in ("parked", "rejected", "duplicate")},
            "records": [
                {
                    "position": format_position(row["partition"], row["offset"]),
                    "outcome": row["outcome"],
                    "problem": row["problem"],
                }
                for row in rows
            ],
        }

    def _live(self, name: str) -> str:
        return self._sql[name].replace("{schema}", self._schema)

    async def _digest(
        self, connection: "Connection", schema: str, table: str, vector: Vector, documents: Vector
    ) -> TableDigest:
        view = self._sql[table].replace("{schema}", schema)
        sql = self._sql["digests"].replace("{view}", view).replace("{key}", _key(table))
        rows = await connection.fetch(sql, vector, documents)
        return TableDigest({row["bucket"]: (row["rows"], row["digest"]) for row in rows})


def _key(table: str) -> str:
    return ", ".join(f'"{name}"' for name in KEYS[table])


def _row(text: str | None) -> Mapping[str, Any] | None:
    row: Mapping[str, Any] | None = orjson.loads(text) if text is not None else None
    return row


def _vectors(rows: Sequence[Any], partitions: int) -> tuple[Vector, Vector]:
    return (
        vector_of({row["partition"]: row["next_offset"] for row in rows}, partitions),
        vector_of({row["partition"]: row["documents"] for row in rows}, partitions),
    )


def _further(vector: Vector, reached: Sequence[Any]) -> Vector:
    """A vector that goes as far as rows do."""
    far = {row["partition"]: row["next_offset"] for row in reached}
    return tuple(max(offset, far.get(partition, 0)) for partition, offset in enumerate(vector))


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator["Connection"]:
    with going_away():
        connection = await connect(url, **_SESSION)
        try:
            yield connection
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
            raise HaltError("the generation was dropped while it was compared") from error
        finally:
            await connection.close()
