"""The rows that a load makes: gathered until there are many, and written by COPY."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from timeline_service.adapters.postgres.loading import PostgresLoading
from timeline_service.domain.name_counts import NameCounts
from timeline_service.domain.search_documents import DocumentRow, document_of, document_row
from timeline_service.judge.batch import RowChanges
from timeline_service.judge.rows import EntryRow, OutcomeRow, RevisionRow

_MAX_ROWS: Final = 4_000
_MAX_BYTES: Final = 2 * 1024 * 1024
_KINDS: Final[Mapping[str, type[NamedTuple]]] = {
    "revisions": RevisionRow,
    "entries": EntryRow,
    "outcomes": OutcomeRow,
    "documents": DocumentRow,
}


class RowWriter:
    """Writes rows that are final into tables that have no rows of theirs yet."""

    def __init__(self, tables: PostgresLoading) -> None:
        self._tables = tables
        self._rows: dict[str, list[Sequence[Any]]] = {table: [] for table in _KINDS}
        self._bytes = 0
        self.names = NameCounts()

    async def add(self, changes: RowChanges, size: int = 0) -> None:
        """Take a batch's rows, and those of its documents; they were made of so many bytes."""
        self._rows["revisions"] += changes.revisions
        self._rows["entries"] += changes.entries
        self._rows["outcomes"] += changes.outcomes
        for row in changes.revisions:
            document = document_of(changes.contents[row.partition, row.from_offset], row.batch)
            self._rows["documents"].append(document_row(row, document))
            self.names.add(document, row.from_offset, int(row.until_offset is None and row.action != "retracted"))
        self._bytes += size
        if self._bytes >= _MAX_BYTES or sum(map(len, self._rows.values())) >= _MAX_ROWS:
            await self.write()

    async def write(self) -> None:
        """Write what was taken."""
        for table, rows in self._rows.items():
            await self._tables.copy(table, _KINDS[table], rows)
            rows.clear()
        self._bytes = 0
