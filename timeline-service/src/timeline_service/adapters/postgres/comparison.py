"""Two projections held against each other, table by table, in the database that has both."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import orjson

from event_schemas.positions import format_position
from service_edge.topic_check import KafkaTopic
from timeline_service.adapters.postgres.database import connect, going_away
from timeline_service.adapters.postgres.snapshots import PostgresSnapshot
from timeline_service.adapters.postgres.sql_files import read_statements
from timeline_service.domain.comparisons import (
    KEYS,
    MAX_LISTED,
    PRESENT_ONLY,
    Difference,
    TableDigest,
    differences_of,
)
from timeline_service.domain.snapshots import OrphanRows, RowDiff, Snapshot
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import HaltError

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_SESSION: Final = {"application_name": "dyadline replay", "jit": "off", "timezone": "UTC", "work_mem": "64MB"}


class PostgresComparison:
    """A comparison with the live projection's `schema`; in `scratch` what is kept of that meanwhile.

    Its methods raise UnavailableError when the server is away. They take connections of their own: a comparison must
    not hold up those who read.
    """

    def __init__(self, url: str, schema: str, scratch: str) -> None:
        self._url = url
        self._schema = schema
        self._scratch = scratch
        self._sql = read_statements("comparison")

    async def vector(self, schema: str, partitions: int) -> OffsetVector:
        """The reach of a projection."""
        async with _connection(self._url) as connection:
            return (await PostgresSnapshot(connection, schema).reach(partitions)).vector

    async def reach(self, partitions: int) -> OffsetVector:
        """The reach of the live projection."""
        return await self.vector(self._schema, partitions)

    async def redriven(self, partitions: int) -> int:
        """How often something was put into the live projection's past."""
        async with _connection(self._url) as connection:
            return (await PostgresSnapshot(connection, self._schema).reach(partitions)).redriven

    async def snapshot(
        self,
        topic: KafkaTopic,
        code_version: str,
        ends: Callable[[], Awaitable[OffsetVector]],
        until: OffsetVector | None = None,
    ) -> Snapshot:
        """Digest the live tables in one REPEATABLE READ snapshot, which ends with it; `until`: as at that vector.

        `ends` tells where the log ends, which is no earlier than where the snapshot does.

        Without `until`, what a vector cannot tell the past of is kept, for `row_diff`.
        """
        async with _connection(self._url) as connection, connection.transaction(isolation="repeatable_read"):
            live = PostgresSnapshot(connection, self._schema)
            said = await live.reach(topic.partitions)
            orphan_rows, foreign = OrphanRows([], {}), list[Difference]()
            if until is not None:
                reach = said._replace(vector=until, documents=tuple(map(min, said.documents, until)))
            else:
                reach = await live.reach_of_rows(said, await ends())
                orphan_rows = await live.orphan_rows(reach)
                foreign += await live.foreign(topic.cluster_id)
                await live.keep(self._scratch)
            tables = [name for name in KEYS if until is None or name not in PRESENT_ONLY]
            return Snapshot(
                vector=reach.vector,
                documents=reach.documents,
                held=said.documents,
                redriven=reach.redriven,
                digests={
                    name: await self._digest(connection, self._schema, name, reach.vector, reach.documents)
                    for name in tables
                },
                orphan_rows=orphan_rows,
                foreign=foreign,
                parked_elsewhere=await live.parked_elsewhere(code_version),
            )

    async def digests(
        self, schema: str, vector: OffsetVector, documents: OffsetVector, tables: Collection[str] = tuple(KEYS)
    ) -> dict[str, TableDigest]:
        """The digests of a projection's tables at a vector."""
        async with _connection(self._url) as connection:
            return {name: await self._digest(connection, schema, name, vector, documents) for name in tables}

    async def row_diff(
        self, schema: str, table: str, snapshot: Snapshot, buckets: Collection[int], most: int
    ) -> RowDiff:
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
        return RowDiff(listed[:most], total)

    async def explained(self, schema: str, vector: OffsetVector) -> dict[str, Any]:
        """What stands in the log and in no timeline: how many records, and the first of those that were refused."""
        async with _connection(self._url) as connection:
            counted = await connection.fetch(self._sql["counted"].replace("{schema}", schema), vector)
            rows = await connection.fetch(self._sql["explained"].replace("{schema}", schema), vector, MAX_LISTED)
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

    async def _digest(
        self, connection: "Connection", schema: str, table: str, vector: OffsetVector, documents: OffsetVector
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
