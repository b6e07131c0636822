"""The first rows of a table whose layout nobody has told yet."""

from itertools import islice
from pathlib import Path
from typing import Final

from ingest_service.importing.drafts import Unwatched
from ingest_service.importing.files import read_lines
from ingest_service.importing.recognition import Column
from ingest_service.importing.table_rows import TableKind
from ingest_service.importing.tables import DELIMITERS, is_text, read_table

_ROWS: Final = 200


def delimiter_of(path: Path, encoding: str) -> str:
    """What separates the cells of a file's header: what stands in it most often; raises FileError."""
    if not is_text(path):
        return ","
    header = next((line.text for line in read_lines(path, encoding) if line.text), "")
    return max(DELIMITERS, key=header.count)


def first_columns(path: Path, kind: TableKind) -> list[Column]:
    """The columns of a table with their first filled cells; raises FileError."""
    names: list[str] = []
    rows = [
        row.cells
        for row in islice(read_table(path, kind, lambda _, header: names.extend(header), Unwatched()), _ROWS)
        if not row.trouble
    ]
    names = names or list(dict.fromkeys(name for row in rows for name in row))
    cells = {name: [row.get(name, "").strip() for row in rows] for name in names}
    return [Column(name, tuple(filter(None, cells[name])), len(rows)) for name in dict.fromkeys(names)]
