"""Importers without a service: what they make of rows, what they count, and what they complain of."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest_service.importing.drafts import Draft
from ingest_service.importing.gdelt import gdelt_drafts
from ingest_service.importing.mapping import Mapping
from ingest_service.importing.table_drafts import table_drafts
from ingest_service.importing.table_rows import TableKind
from ingest_service.importing.tally import Tally


@dataclass
class Unwatched:
    """Nobody looks on; what is told is kept."""

    told: list[tuple[str, int, str]] = field(default_factory=list)
    parts: int = 0

    def begin(self, words: str, total: int, unit: str) -> None:
        """Keep it."""
        self.told.append((words, total, unit))
        self.parts = 0

    def advance(self, parts: int) -> None:
        """Count it."""
        self.parts += parts


@dataclass
class Imported:
    """What came of an import."""

    drafts: list[Draft]
    tally: Tally
    complaints: list[tuple[str, str, Any]]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events, in their order."""
        return [draft.event for draft in self.drafts]


def import_gdelt(*paths: Path, **options: Any) -> Imported:
    """All that GDELT's files become."""
    tally, complaints = Tally(), list[tuple[str, str, Any]]()
    drafts = gdelt_drafts(paths, tally, lambda *said: complaints.append(said), Unwatched(), **options)
    return Imported(list(drafts), tally, complaints)


def import_table(*paths: Path, mapping: Mapping, ndjson: bool = False, encoding: str = "utf-8") -> Imported:
    """All that tables become by a mapping."""
    tally, complaints = Tally(), list[tuple[str, str, Any]]()
    kind = TableKind(ndjson, mapping.delimiter, mapping.encoding or encoding, mapping.sheet)
    drafts = table_drafts(paths, mapping, kind, tally, lambda *said: complaints.append(said), Unwatched())
    return Imported(list(drafts), tally, complaints)
