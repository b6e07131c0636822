"""Records by what became of them, the newest first, from a generation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from timeline_service.adapters.postgres.reader import reading
from timeline_service.adapters.postgres.rows import ListedRecordRow, columns_of, rows_of
from timeline_service.adapters.postgres.sql_files import bound, of_generation, read_statements
from timeline_service.domain.newest import fair_share, is_whole
from timeline_service.domain.outcomes import RecordSelection
from timeline_service.domain.vectors import OffsetVector, ReadPoint

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool


class PostgresRecords:
    """Queries for records. Its method raises UnavailableError when the server, or the generation, is away.

    `in_order` is a pool for rows that come in order from an index.
    """

    def __init__(self, in_order: "Pool") -> None:
        self._in_order = in_order
        self._statements = read_statements("records")

    async def newest(
        self, point: ReadPoint, selection: RecordSelection, *, before: OffsetVector, limit: int
    ) -> Sequence[ListedRecordRow]:
        """Records of a selection, the newest first, from before an offset of each partition."""
        sql, values = self._statement(selection)
        share = fair_share(limit, len(before))
        values |= {"before": before, "most_rows": limit}
        rows = await self._fetch(point, sql, {**values, "most_of_each": share})
        if share < limit and not is_whole(rows, share):
            rows = await self._fetch(point, sql, {**values, "most_of_each": limit})
        return rows

    def _statement(self, selection: RecordSelection) -> tuple[str, dict[str, Any]]:
        """The statement that reads a selection, and its values."""
        values: dict[str, Any] = {}
        shared, of_kind = [], []
        if selection.principal is not None:
            values["principal"] = selection.principal
            shared.append(self._statements["of_principal"])
        if selection.batch is not None:
            values["batch"] = selection.batch
            shared.append(self._statements["of_batch"])
        if selection.kinds is not None:
            values["kinds"] = selection.kinds
            of_kind.append(self._statements["of_kind"])
        kinds = self._statements["kinds"] if of_kind else ""
        parts = [self._part("others", [*shared, *of_kind]).replace("{kinds}", kinds)]
        if selection.applied:
            parts.append(self._part("applied", shared))
        return self._statements["listed"].replace("{parts}", " union all ".join(parts)), values

    def _part(self, name: str, conditions: Sequence[str]) -> str:
        return self._statements[name].replace("{conditions}", " and ".join(conditions) or "true")

    async def _fetch(self, point: ReadPoint, sql: str, values: dict[str, Any]) -> Sequence[ListedRecordRow]:
        sql = of_generation(sql.replace("{columns}", columns_of(ListedRecordRow)), point.generation)
        async with reading(self._in_order, point.generation) as connection:
            return rows_of(ListedRecordRow, await connection.fetch(*bound(sql, **values)))
