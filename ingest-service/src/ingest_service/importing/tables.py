"""Tables of any kind (CSV, NDJSON, spreadsheets, Parquet) as rows of texts by column, one at a time."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

import orjson

from event_schemas.near_texts import NearTexts
from ingest_service.importing import parquet, spreadsheets
from ingest_service.importing.drafts import Watch
from ingest_service.importing.files import FileError, Line, read_lines
from ingest_service.importing.table_rows import CheckColumns, Row, TableKind, flattened, header_of

#: A row of more lines has a quote that is not closed, as far as anybody can tell.
MAX_ROW_LINES: Final = 100
DELIMITERS: Final = (",", "\t", ";", "|")
_TWICE: Final = 'write a quote within a cell twice ("")'


def is_text(path: Path) -> bool:
    """Whether a table is a text of lines, by its name."""
    return path.suffix.lower() not in {spreadsheets.SUFFIX, parquet.SUFFIX}


def read_table(path: Path, kind: TableKind, check: CheckColumns, watch: Watch) -> Iterator[Row]:
    """The rows of a file, blank ones left out; raises FileError."""
    match path.suffix.lower():
        case spreadsheets.SUFFIX:
            yield from spreadsheets.spreadsheet_rows(path, kind, check, watch)
            return
        case parquet.SUFFIX:
            yield from parquet.parquet_rows(path, check, watch)
            return
    watch.begin(f"importing {path.name}", path.stat().st_size if path.exists() else 0, "bytes")
    lines = read_lines(path, kind.encoding, watch.advance)
    if kind.ndjson:
        yield from (_object(line) for line in lines if line.trouble or line.text.strip())
        return
    name = ""
    for name, member in groupby(lines, key=lambda line: line.file):
        yield from _separated(name, member, kind.delimiter, check)
    if not name:
        raise _empty(path.name)


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
    """Lines on their way into the CSV reader: `row` are those of a row; those that cannot be read are kept aside."""

    lines: Iterator[Line]
    row: list[Line] = field(default_factory=list)
    aside: list[Line] = field(default_factory=list)
    ended: bool = False
    _again: deque[Line] = field(default_factory=deque)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """The next line of the row; raises csv.Error where the row has too many."""
        while (line := self._again.popleft() if self._again else next(self.lines, None)) is not None:
            if line.trouble:
                self.aside.append(line)
                continue
            self.row.append(line)
            if len(self.row) > MAX_ROW_LINES:
                raise csv.Error(f"a quote is not closed within {MAX_ROW_LINES} lines: close it, or {_TWICE}")
            return line.text + "\n"
        self.ended = True
        raise StopIteration

    def give_up(self) -> Line:
        """The first line of a row that is none. Those below may be rows, which a quote in it must not swallow."""
        first, *rest = self.row
        self._again.extendleft(reversed(rest))
        return first


def _separated(name: str, lines: Iterator[Line], delimiter: str, check: CheckColumns) -> Iterator[Row]:
    feed = _Feed(lines)
    header: list[str] | None = None
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.row.clear()
        wrong: csv.Error | None = None
        try:
            cells = next(reader, None)
        except csv.Error as error:
            wrong = error
        for line in feed.aside:
            yield Row(line.place, {}, line.trouble, line.text)
        feed.aside.clear()
        if wrong is not None:
            yield _no_row(feed, wrong, delimiter, in_header=header is None)
            continue
        if cells is None:
            if header is None:
                raise _empty(name)
            return
        if not any(cells):
            continue
        if header is None:
            header = _header(name, cells, delimiter, check)
        elif len(cells) != len(header):
            trouble = f"has {len(cells)} cells: the header has {len(header)}"
            yield Row(feed.row[0].place, {}, trouble, cells)
        else:
            yield Row(feed.row[0].place, dict(zip(header, cells, strict=True)), original=cells)


def _no_row(feed: _Feed, error: csv.Error, delimiter: str, *, in_header: bool) -> Row:
    """What is said of a row that is none; raises FileError where nothing below it can be told."""
    first, last = feed.row[0], feed.row[-1]
    if feed.ended:
        raise FileError(
            f"{first.place} opens a quote that is never closed, so that no row from there on can be told: "
            f"close it, or {_TWICE}; where the file is cut off, fetch it again"
        )
    words = str(error)
    if "expected after" in words:  # as Python puts it
        words = (
            f"the quote that closes in line {last.number} has neither {delimiter!r} nor a line end behind it: {_TWICE}"
        )
    if in_header:
        raise FileError(f"{first.place} is no header of CSV: {words}")
    first = feed.give_up()
    return Row(first.place, {}, f"is no row of CSV: {words}", first.text)


def _header(name: str, cells: list[str], delimiter: str, check: CheckColumns) -> list[str]:
    """The names of the columns; where they are missing because something else separates them, that is said."""
    try:
        return header_of(name, cells, check)
    except FileError as error:
        other = max(DELIMITERS, key=cells[0].count)
        if len(cells) > 1 or other == delimiter or other not in cells[0]:
            raise
        written = orjson.dumps(other).decode()
        raise FileError(
            f"{error}. Its cells seem to be separated by {other!r}, not by {delimiter!r}: "
            f"write `delimiter: {written}` into the mapping"
        ) from error


def _empty(name: str) -> FileError:
    return FileError(f"{name} is empty: a table begins with the names of its columns")


def _object(line: Line) -> Row:
    if line.trouble:
        return Row(line.place, {}, line.trouble, line.text)
    try:
        value = orjson.loads(line.text)
    except ValueError as error:
        return Row(line.place, {}, f"is not JSON: {error}", line.text)
    if not isinstance(value, dict):
        return Row(line.place, {}, "is no JSON object", line.text)
    return Row(line.place, dict(flattened(value, "")), original=value)
