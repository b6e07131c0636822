"""Records by what became of them, the newest first, from a generation."""

from collections.abc import Sequence
from typing import Any

from timeline_service.adapters.postgres.read_pools import ReadPool
from timeline_service.adapters.postgres.rows import ListedRecordRow, columns_of, rows_of
from timeline_service.adapters.postgres.sql_files import bound, filled, of_generation, read_statements
from timeline_service.domain.newest import fair_share, is_whole
from timeline_service.domain.outcomes import ALL_KINDS, RecordSelection
from timeline_service.domain.vectors import OffsetVector, ReadPoint

#: The columns of a key, each with what they are asked to be.
_Key = dict[str, str]


class PostgresRecords:
    """Queries for records. Its method raises UnavailableError when the server, or the generation, is away.

    `in_order` is a pool for rows that come in order from an index.
    """

    def __init__(self, in_order: ReadPool) -> None:
        self._in_order = in_order
        self._statements = read_statements("records")

    async def newest(
        self, point: ReadPoint, selection: RecordSelection, *, since: OffsetVector, before: OffsetVector, limit: int
    ) -> Sequence[ListedRecordRow]:
        """Records of a selection, the newest first: of each partition those from an offset on, and before another."""
        sql, values = self._statement(selection)
        share = fair_share(limit, len(before))
        values |= {"since": since, "before": before, "most_rows": limit}
        rows = await self._fetch(point, sql, {**values, "most_of_each": share})
        if share < limit and not is_whole(rows, share):
            rows = await self._fetch(point, sql, {**values, "most_of_each": limit})
        return rows

    def _statement(self, selection: RecordSelection) -> tuple[str, dict[str, Any]]:
        """The statement that reads a selection, and its values."""
        values: dict[str, Any] = {}
        by_principal: _Key = {}
        if selection.principal is not None:
            values["principal"] = selection.principal
            by_principal = {"principal": "$principal::text"}
        if selection.batch is not None:
            return self._of_batch(selection, values | {"batch": selection.batch})
        parts, kinds, by_kind = [], "", dict(by_principal)
        if (asked := selection.kinds) is not None or by_principal:
            values["kinds"] = asked if asked is not None else ALL_KINDS
            kinds = self._statements["kinds"]
            by_kind["coalesce(problem, outcome)"] = "wanted.kind"
        parts.append(self._part("others", by_kind, '"offset"').replace("{kinds}", kinds))
        if selection.applied:
            parts.append(self._part("applied", by_principal, "from_offset"))
        return self._statements["listed"].replace("{parts}", " union all ".join(parts)), values

    def _of_batch(self, selection: RecordSelection, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The statement for one load, of which all else is asked record by record."""
        key, shared = {"batch": "$batch::text"}, ["batch is not null"]  # as the index has it
        if selection.principal is not None:
            shared.append("principal = $principal::text")
        of_kind = []
        if selection.kinds is not None:
            values["kinds"] = selection.kinds
            of_kind = ["coalesce(problem, outcome) = any($kinds::text[])"]
        parts = [self._part("others", key, '"offset"', [*shared, *of_kind]).replace("{kinds}", "")]
        if selection.applied:
            parts.append(self._part("applied", key, "from_offset", shared))
        return self._statements["listed"].replace("{parts}", " union all ".join(parts)), values

    def _part(self, name: str, conditions: _Key, offset: str, filters: Sequence[str] = ()) -> str:
        """The rows of a table that are found by a key, of which the offset is the last column."""
        key = {"partition": "(part.number - 1)::integer", **conditions}
        columns = [*key, offset]
        words = {
            "{key}": ", ".join(columns),
            "{asked}": ", ".join(key.values()),
            "{filters}": "".join(f" and {condition}" for condition in filters),
            "{order}": ", ".join(f"{column} desc" for column in columns),
        }
        return filled(self._statements[name], words)

    async def _fetch(self, point: ReadPoint, sql: str, values: dict[str, Any]) -> Sequence[ListedRecordRow]:
        sql = of_generation(sql.replace("{columns}", columns_of(ListedRecordRow)), point.generation)
        asked = bound(sql, **values)
        return rows_of(ListedRecordRow, await self._in_order.read(point, lambda connection: connection.fetch(*asked)))
