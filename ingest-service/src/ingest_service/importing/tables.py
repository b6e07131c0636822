"""Tables of any kind (CSV, NDJSON, spreadsheets, Parquet) as rows of texts by column, one at a time."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import orjson

from event_schemas.near_texts import NearTexts
from ingest_service.importing import parquet, spreadsheets
from ingest_service.importing.drafts import Watch
from ingest_service.importing.files import FileError, Line, read_lines
from ingest_service.importing.table_rows import CheckColumns, Row, TableKind, flattened, header_of


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
            if header is None:
                raise _empty(name)
            return
        if not any(cells):
            continue
        if header is None:
            header = header_of(name, cells, check)
        elif len(cells) != len(header):
            trouble = f"has {len(cells)} cells: the header has {len(header)}"
            yield Row(f"{name}:{feed.begun}", {}, trouble, cells)
        else:
            yield Row(f"{name}:{feed.begun}", dict(zip(header, cells, strict=True)), original=cells)


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
