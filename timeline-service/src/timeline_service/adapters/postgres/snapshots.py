"""The live projection in one snapshot of the database: how far it is, and what in it no record can have made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import orjson

from timeline_service.adapters.postgres.sql_files import read_statements
from timeline_service.domain.comparisons import KEYS, MAX_LISTED, Difference, key_text, position_of
from timeline_service.domain.snapshots import OrphanRow, OrphanRows
from timeline_service.domain.vectors import OffsetVector, vector_of

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]


class Reach(NamedTuple):
    """How far a projection is and its documents are, and how often something was put into its past."""

    vector: OffsetVector
    documents: OffsetVector
    redriven: int


class _Beyond(NamedTuple):
    """A row that lies beyond the vectors, and how many of its table do."""

    table: str
    key: str
    partition: int
    from_offset: int
    until_offset: int | None
    total: int

    @property
    def named(self) -> str:
        """Its key in words."""
        key: Mapping[str, Any] = orjson.loads(self.key)
        return key_text({name: key[name] for name in KEYS[self.table]})


class PostgresSnapshot:
    """A projection's schema, as a connection sees it, in its transaction if there is one."""

    def __init__(self, connection: "Connection", schema: str) -> None:
        self._connection = connection
        self._sql = {name: text.replace("{schema}", schema) for name, text in read_statements("snapshots").items()}

    async def reach(self, partitions: int) -> Reach:
        """How far the checkpoints say that it is."""
        rows = await self._connection.fetch(self._sql["vectors"])
        return Reach(
            vector_of({row["partition"]: row["next_offset"] for row in rows}, partitions),
            vector_of({row["partition"]: row["documents"] for row in rows}, partitions),
            sum(row["redriven"] for row in rows),
        )

    async def reach_of_rows(self, reach: Reach, log_ends: OffsetVector) -> Reach:
        """How far the rows are, within the log, where that is further: checkpoints may have been set back."""
        rows = await self._connection.fetch(self._sql["reach"], log_ends)
        vector = _further(reach.vector, rows)
        documents = await self._connection.fetch(self._sql["reach_of_documents"], vector)
        return Reach(vector, _further(reach.documents, documents), reach.redriven)

    async def orphan_rows(self, reach: Reach) -> OrphanRows:
        """The rows that no record can have made: they lie beyond."""
        rows = await self._connection.fetch(self._sql["beyond"], reach.vector, reach.documents, MAX_LISTED)
        beyond = [_Beyond(**row) for row in rows]
        counts = Counter({row.table: row.total for row in beyond})
        listed = [OrphanRow(row.table, row.named, row.partition, row.from_offset, row.until_offset) for row in beyond]
        for row in await self._connection.fetch(self._sql["orphan_checkpoints"], reach.vector):
            named = key_text({"partition": row["partition"]})
            listed.append(OrphanRow("search_checkpoints", named, row["partition"], row["next_offset"], None))
            counts["search_checkpoints"] += 1
        return OrphanRows(listed, counts)

    async def foreign(self, cluster_id: str) -> Sequence[Difference]:
        """Checkpoints that name another cluster."""
        return [
            Difference(
                *("checkpoints", key_text({"partition": row["partition"]}), "cluster_id"),
                *(row["cluster_id"], cluster_id, position_of(dict(row))),
            )
            for row in await self._connection.fetch(self._sql["foreign_checkpoints"], cluster_id)
        ]

    async def parked_elsewhere(self, code_version: str) -> int:
        """How many records other code has parked."""
        return int(await self._connection.fetchval(self._sql["parked_elsewhere"], code_version))

    async def keep(self, scratch: str) -> None:
        """Keep in another schema what a vector does not tell the past of."""
        await self._connection.execute(self._sql["keep"].replace("{scratch}", scratch))


def _further(vector: OffsetVector, reached: Sequence[asyncpg.Record]) -> OffsetVector:
    """A vector that goes as far as rows do."""
    far = {row["partition"]: row["next_offset"] for row in reached}
    return tuple(max(offset, far.get(partition, 0)) for partition, offset in enumerate(vector))
