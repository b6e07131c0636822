"""Rows of a table of whatever kind: texts by column, with the place where they stand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from ingest_service.importing.files import FileError


class Row(NamedTuple):
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


def header_of(name: str, cells: Sequence[str], check: CheckColumns) -> list[str]:
    """The names of a table's columns, once they are checked; raises FileError."""
    header = [cell.strip() for cell in cells]
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise FileError(f"{name} has two columns of the name {twice[0]!r}: name each once")
    check(name, header)
    return header


def flattened(value: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    """The values of an object as texts; what is nested by dots: `actor.name`."""
    for name, item in value.items():
        if isinstance(item, dict):
            yield from flattened(item, f"{before}{name}.")
        yield before + name, text_of(item)


def text_of(value: Any) -> str:
    """A value as a text; what has parts, as JSON."""
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
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, bool | dict | list):
        return orjson.dumps(value, default=str).decode()
    return str(value)
