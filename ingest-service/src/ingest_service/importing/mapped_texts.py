"""What a mapping says, looked up in a row: texts, numbers, dates, JSON."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
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


@dataclass(slots=True)
class Cells:
    """A row's cells as a mapping reads them: empty where it says that nothing is known."""

    texts: dict[str, str]
    mapping: Mapping

    def of(self, column: str) -> str:
        """The text of a cell."""
        text = self.texts.get(column, "").strip()
        if text[:1] == "'" and self.mapping.guarded and _GUARDED.match(text):
            text = text[1:]
        return "" if text in self.mapping.empty else text

    def looked_up(self, lookup: Lookup) -> str:
        """What a lookup says; raises UnreadableRowError."""
        text = extracted(self.of(lookup.column), lookup.extract)
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

    def number(self, number: Number) -> float | None:
        """A number, or None where there is none; raises UnreadableRowError."""
        text = self.of(number.number)
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
        text = self.of(column)
        try:
            return read_json(text.encode()) if text else None
        except UnreadableError as error:
            reason = f"column {column!r} is not JSON"
            raise UnreadableRowError(reason, f"{reason}: {error}") from error

    def when(self, when: When) -> str:
        """The date or interval as EDTF; raises UnreadableRowError."""
        try:
            if when.start is None:
                date = self._date(when)
            else:
                start, end = self._date(when.start), ""
                if when.end is not None:
                    column = when.end.column or when.end.year or ""
                    end = ".." if self.of(column) in when.end.open else self._date(when.end)
                date = f"{start}/{end}" if end and end != start else start
            if when.precision is not None:
                date = at_precision(date, self.looked_up(when.precision))
        except DateFormatError as error:
            raise UnreadableRowError("its date cannot be read", str(error)) from error
        if not date:
            raise UnreadableRowError("it has no date", f"column {_columns(when)} is empty")
        return date

    def date(self, date: Date) -> str:
        """A date beside the event's own, such as a publication's, or nothing; raises UnreadableRowError."""
        try:
            return self._date(date)
        except DateFormatError as error:
            raise UnreadableRowError("a date cannot be read", str(error)) from error

    def _date(self, date: Date) -> str:
        if date.column is not None:
            text = extracted(self.of(date.column), date.extract)
            return read_date(text, [date.format] if isinstance(date.format, str) else date.format) if text else ""
        parts = [self.of(column) if column else "" for column in (date.year, date.month, date.day)]
        year, month, day = ("" if part in date.unknown else part for part in parts)
        return date_of_parts(year, month, day if month else "") if year else ""


#: Reads a text in a row.
ReadsText = Callable[[Cells], str]


def text_reader(what: Text) -> ReadsText:
    """What reads a constant, template or lookup in a row; it raises UnreadableRowError."""
    if isinstance(what, Lookup):
        return lambda cells: cells.looked_up(what)
    first, *pieces = PLACE.split(what)  # a text, a column, a text …
    if not pieces:
        constant = first.strip()
        return lambda _: constant
    if [first, *pieces[1:]] == ["", ""]:
        column = pieces[0]
        return lambda cells: cells.of(column)
    named = list(zip(pieces[::2], pieces[1::2], strict=True))
    return lambda cells: (first + "".join(cells.of(column) + text for column, text in named)).strip()


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
