"""Spreadsheets (.xlsx) as rows: the first sheet, or that of a name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

from ingest_service.importing.drafts import Watch
from ingest_service.importing.files import FileError
from ingest_service.importing.table_rows import CheckColumns, Row, TableKind, header_of, text_of

SUFFIX: Final = ".xlsx"


def spreadsheet_rows(path: Path, kind: TableKind, check: CheckColumns, watch: Watch) -> Iterator[Row]:
    """The rows of a spreadsheet, blank ones left out; raises FileError."""
    from openpyxl import load_workbook  # it is slow to import, and most tables are none of these
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise FileError(f"{path} is no spreadsheet, or broken ({error}): save it as .xlsx again") from error
    try:
        if kind.sheet is not None and kind.sheet not in book.sheetnames:
            raise FileError(f"{path} has no sheet {kind.sheet!r}; it has {', '.join(map(repr, book.sheetnames))}")
        sheet = book[kind.sheet] if kind.sheet is not None else book.worksheets[0]
        watch.begin(f"importing {path.name}", sheet.max_row or 0, "rows")
        header: list[str] | None = None
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            watch.advance(1)
            cells = [text_of(value) for value in values]
            if not any(cells):
                continue
            if header is None:
                width = max(place for place, cell in enumerate(cells, start=1) if cell)
                header = header_of(path.name, cells[:width], check)
                continue
            yield Row(f"{path.name}:{number}", dict(zip(header, cells, strict=False)), original=cells)
    finally:
        book.close()
