"""What a reader of a pair was shown at one vector and not at another, from a generation."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from timeline_service.adapters.postgres.read_pools import ReadPool
from timeline_service.adapters.postgres.rows import ChangedRow, StepRow, columns_of, rows_of
from timeline_service.adapters.postgres.sql_files import bound, of_generation, read_statements
from timeline_service.domain.newest import fair_share, is_whole
from timeline_service.domain.vectors import OffsetVector, ReadPoint

#: About what a revision takes beside its content.
_STEP_BYTES: Final = 500


class PostgresChanges:
    """Queries for changes. All methods raise UnavailableError when the server, or the generation, is away.

    `in_order` is a pool for rows that come in order from an index.
    """

    def __init__(self, in_order: ReadPool) -> None:
        self._in_order = in_order
        self._statements = read_statements("changes")

    async def changed(
        self, until: ReadPoint, since: OffsetVector, pair: str, *, retracted: bool, before: OffsetVector, limit: int
    ) -> Sequence[ChangedRow]:
        """Events that a reader was shown otherwise at two vectors, the last to be revised first, from a place on.

        `retracted`: whether a reader who is shown retracted events too.
        """
        values = {
            "since": since,
            "until": until.vector,
            "before": before,
            "pair": pair,
            "retracted": retracted,
            "bytes_of_step": _STEP_BYTES,
            "most_rows": limit,
        }
        share = fair_share(limit, len(before))
        rows = await self._changed(until, {**values, "most_of_each": share})
        if share < limit and not is_whole(rows, share):
            rows = await self._changed(until, {**values, "most_of_each": limit})
        return rows

    async def steps(self, point: ReadPoint, rows: Sequence[ChangedRow]) -> Mapping[UUID, Sequence[StepRow]]:
        """Each event's revisions in order: the one at the first vector, if there is, and what came until the second."""
        sql = self._statements["steps"].replace("{columns}", columns_of(StepRow))
        wanted = {
            "event_ids": [row.event_id for row in rows],
            "thens": [row.revision_then for row in rows],
            "nows": [row.revision_now for row in rows],
        }
        asked = bound(of_generation(sql, point.generation), **wanted)
        records = await self._in_order.read(point, lambda connection: connection.fetch(*asked))
        found = rows_of(StepRow, records)
        return {event_id: list(steps) for event_id, steps in groupby(found, key=lambda row: row.event_id)}

    async def _changed(self, until: ReadPoint, values: Mapping[str, Any]) -> Sequence[ChangedRow]:
        asked = bound(of_generation(self._statements["changed"], until.generation), **values)
        return rows_of(ChangedRow, await self._in_order.read(until, lambda connection: connection.fetch(*asked)))
