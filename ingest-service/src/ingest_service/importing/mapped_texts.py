"""What a mapping says, looked up in a row: texts, numbers, dates, JSON."""

import re
from collections.abc import Callable
from math import isfinite
from operator import itemgetter
from typing import Any, Final

from event_schemas.dates import DateFormatError
from event_schemas.errors import UnreadableError
from event_schemas.json_text import read_json
from ingest_service.importing.cameo import CAMEO
from ingest_service.importing.date_formats import at_precision, date_of_parts, read_date
from ingest_service.importing.drafts import UnreadableRowError
from ingest_service.importing.mapping import PLACE, Date, Lookup, Mapping, Number, Text, When

_GUARDED: Final = re.compile(r"'[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


class Cells(dict[str, str]):
    """A row's texts as a mapping reads them: empty where it says that nothing is known, and where there is no cell."""

    __slots__ = ()

    def __missing__(self, column: str) -> str:
        """No cell says nothing."""
        return ""

    def number(self, number: Number) -> float | None:
        """A number, or None where there is none; raises UnreadableRowError."""
        text = self[number.number]
        if not text:
            return None
        plain = text.replace(number.thousands, "") if number.thousands else text
        plain = plain.replace(number.decimal, ".") if number.decimal != "." and "." not in plain else plain
        if not _NUMBER.fullmatch(plain) or not isfinite(value := float(plain)):
            raise UnreadableRowError(
                f"column {number.number!r} holds no number",
                f"column {number.number!r}: {text[:80]!r} is no number; say what its commas mean with "
                "`decimal` and `thousands`",
            )
        return int(value) if value.is_integer() and abs(value) < 2**53 else value

    def json(self, column: str) -> Any:
        """The value of a cell that holds JSON, or None; raises UnreadableRowError."""
        if not (text := self[column]):
            return None
        try:
            return read_json(text.encode())
        except UnreadableError as error:
            reason = f"column {column!r} is not JSON"
            raise UnreadableRowError(reason, f"{reason}: {error}") from error


def read_cells(texts: dict[str, str], mapping: Mapping) -> Cells:
    """A row's cells as a mapping reads them."""
    cells = Cells({column: text.strip() for column, text in texts.items()})
    if mapping.guarded or mapping.empty:
        for column, text in cells.items():
            known = text[1:] if mapping.guarded and text[:1] == "'" and _GUARDED.match(text) else text
            cells[column] = "" if known in mapping.empty else known
    return cells


#: Reads a text in a row.
ReadsText = Callable[[Cells], str]


def text_reader(what: Text) -> ReadsText:
    """What reads a constant, template or lookup in a row; it raises UnreadableRowError."""
    if isinstance(what, Lookup):
        return lambda cells: _looked_up(cells, what)
    first, *pieces = PLACE.split(what)  # a text, a column, a text …
    if not pieces:
        constant = first.strip()
        return lambda _: constant
    if [first, *pieces[1:]] == ["", ""]:
        return itemgetter(pieces[0])
    named = list(zip(pieces[::2], pieces[1::2], strict=True))
    return lambda cells: (first + "".join(cells[column] + text for column, text in named)).strip()


def _looked_up(cells: Cells, lookup: Lookup) -> str:
    """What a lookup says; raises UnreadableRowError."""
    text = extracted(cells[lookup.column], lookup.extract)
    if not text:
        return lookup.otherwise or ""
    if lookup.table is not None:
        code = cameo_code(text, unpadded=lookup.table.endswith("unpadded"))
        found = lookup.otherwise
        if code in CAMEO:
            found = code if lookup.table.startswith("cameo-code") else CAMEO[code].type
    else:
        found = text if lookup.codes is None else lookup.codes.get(text, lookup.otherwise)
    if found is None:
        raise UnreadableRowError(
            f"column {lookup.column!r} holds what the mapping has no code for",
            f"column {lookup.column!r}: the mapping has no code for {text[:80]!r}; add it, or `otherwise`",
        )
    return found


def when_reader(when: When) -> ReadsText:
    """What reads the date or interval of a row as EDTF; it raises UnreadableRowError."""
    start = _date_reader(when if when.start is None else when.start)
    end = _date_reader(when.end) if when.start is not None and when.end is not None else None
    precision = text_reader(when.precision) if when.precision is not None else None

    def read(cells: Cells) -> str:
        try:
            date = start(cells)
            if end is not None and when.end is not None:
                is_open = cells[when.end.column or when.end.year or ""] in when.end.open
                last = ".." if is_open else end(cells)
                date = f"{date}/{last}" if last and last != date else date
            if precision is not None:
                date = at_precision(date, precision(cells))
        except DateFormatError as error:
            raise UnreadableRowError("its date cannot be read", str(error)) from error
        if not date:
            raise UnreadableRowError("it has no date", f"column {_columns(when)} is empty")
        return date

    return read


def date_reader(date: Date) -> ReadsText:
    """What reads a date beside the event's own, such as a publication's, or nothing; it raises UnreadableRowError."""
    reads = _date_reader(date)

    def read(cells: Cells) -> str:
        try:
            return reads(cells)
        except DateFormatError as error:
            raise UnreadableRowError("a date cannot be read", str(error)) from error

    return read


def _date_reader(date: Date) -> ReadsText:
    """What reads a date, or nothing; it raises DateFormatError."""
    if (column := date.column) is not None:
        forms = (date.format,) if isinstance(date.format, str) else tuple(date.format)

        def of_column(cells: Cells) -> str:
            text = extracted(cells[column], date.extract)
            return read_date(text, forms) if text else ""

        return of_column

    def of_parts(cells: Cells) -> str:
        parts = [cells[column] if column else "" for column in (date.year, date.month, date.day)]
        year, month, day = ("" if part in date.unknown else part for part in parts)
        return date_of_parts(year, month, day if month else "") if year else ""

    return of_parts


def extracted(text: str, pattern: str | None) -> str:
    """What the first group of a pattern finds in a text, or all of it where there is no pattern."""
    if pattern is None:
        return text
    found = re.search(pattern, text)
    return (found[1] or "").strip() if found else ""


def cameo_code(text: str, *, unpadded: bool) -> str:
    """A CAMEO code, with the zero that a spreadsheet has lost."""
    if unpadded and (len(text) < 3 or text not in CAMEO):
        return text.zfill(3) if len(text) < 3 else f"0{text}"
    return text


def _columns(when: When) -> str:
    date: Date = when if when.start is None else when.start
    return repr(date.column or date.year)
