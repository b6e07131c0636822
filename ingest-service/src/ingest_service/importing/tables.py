"""Tables of any kind (CSV, NDJSON, spreadsheets) as rows of texts by column, one at a time."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import orjson

from event_schemas.near_texts import NearTexts
from ingest_service.importing.drafts import Watch
from ingest_service.importing.files import FileError, Line, read_lines

SPREADSHEET: Final = ".xlsx"


@dataclass(frozen=True, slots=True)
class Row:
    """A row's texts by column; `trouble` says why it cannot be read, and `original` what stood there."""

    place: str
    cells: dict[str, str]
    trouble: str = ""
    original: Any = None


@dataclass(frozen=True, slots=True)
class TableKind:
    """How a file is read: what separates cells, its encoding, the sheet of a spreadsheet."""

    ndjson: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None


#: Told the columns of a table once they are known; raises FileError where some are missing.
CheckColumns = Callable[[str, Sequence[str]], None]


def read_table(path: Path, kind: TableKind, check: CheckColumns, watch: Watch) -> Iterator[Row]:
    """The rows of a file, blank ones left out; raises FileError."""
    if path.suffix.lower() == SPREADSHEET:
        yield from _spreadsheet(path, kind, check, watch)
        return
    watch.begin(f"importing {path.name}", path.stat().st_size if path.exists() else 0, "bytes")
    lines = read_lines(path, kind.encoding, watch.advance)
    if kind.ndjson:
        yield from (_object(line) for line in lines if line.trouble or line.text.strip())
        return
    for name, member in groupby(lines, key=lambda line: line.file):
        yield from _separated(name, member, kind.delimiter, check)


def require_columns(needed: Iterable[str], name: str, there: Sequence[str]) -> None:
    """Raises FileError where a table lacks columns, with those that it may call otherwise."""
    missing = [column for column in dict.fromkeys(needed) if column not in there]
    if missing:
        near = NearTexts(list(there))
        words = [f"{column!r}" + _guess(near.to(column, most=2, cutoff=0.6)) for column in missing]
        raise FileError(f"{name} has no column {', '.join(words)}; it has {', '.join(map(repr, there[:60]))}")


def _guess(names: list[str]) -> str:
    return f" (is it {' or '.join(map(repr, names))}?)" if names else ""


@dataclass(slots=True)
class _Feed:
    """Lines on their way into the CSV reader; those that cannot be read are kept aside."""

    lines: Iterator[Line]
    begun: int = 0
    aside: list[Line] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.begun = self.begun or line.number
            if line.trouble:
                self.aside.append(line)
                self.begun = 0
            else:
                yield line.text + "\n"


def _separated(name: str, lines: Iterator[Line], delimiter: str, check: CheckColumns) -> Iterator[Row]:
    feed = _Feed(lines)
    header: list[str] | None = None
    reader = csv.reader(feed, delimiter=delimiter, strict=False)
    while True:
        feed.begun = 0
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(f"{name}:{feed.begun}", {}, f"is no row of CSV: {error}")
            continue
        for line in feed.aside:
            yield Row(line.place, {}, line.trouble, line.text)
        feed.aside.clear()
        if cells is None:
            return
        if not any(cells):
            continue
        if header is None:
            header = _header(name, cells, check)
        elif len(cells) != len(header):
            trouble = f"has {len(cells)} cells: the header has {len(header)}"
            yield Row(f"{name}:{feed.begun}", {}, trouble, cells)
        else:
            yield Row(f"{name}:{feed.begun}", dict(zip(header, cells, strict=True)), original=cells)


def _header(name: str, cells: list[str], check: CheckColumns) -> list[str]:
    header = [cell.strip() for cell in cells]
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise FileError(f"{name} has two columns of the name {twice[0]!r}: name each once")
    check(name, header)
    return header


def _object(line: Line) -> Row:
    if line.trouble:
        return Row(line.place, {}, line.trouble, line.text)
    try:
        value = orjson.loads(line.text)
    except ValueError as error:
        return Row(line.place, {}, f"is not JSON: {error}", line.text)
    if not isinstance(value, dict):
        return Row(line.place, {}, "is no JSON object", line.text)
    return Row(line.place, dict(_flattened(value, "")), original=value)


def _flattened(value: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    """The values of an object as texts; what is nested by dots: `actor.name`."""
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _flattened(item, f"{before}{name}.")
        yield before + name, _text(item)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.date().isoformat() if not any((value.hour, value.minute, value.second)) else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool | dict | list):
        return orjson.dumps(value).decode()
    return str(value)


def _spreadsheet(path: Path, kind: TableKind, check: CheckColumns, watch: Watch) -> Iterator[Row]:
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
            cells = [_text(value) for value in values]
            if not any(cells):
                continue
            if header is None:
                width = max(place for place, cell in enumerate(cells, start=1) if cell)
                header = _header(path.name, cells[:width], check)
                continue
            yield Row(f"{path.name}:{number}", dict(zip(header, cells, strict=False)), original=cells)
    finally:
        book.close()
