"""CSV (RFC 4180): UTF-8 without a BOM, CRLF, a header line."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from typing import Any, Final

import orjson

from timeline_service.formats.format import FormatContext
from timeline_service.queries.views.events import EventView

CSV_TYPE: Final = "text/csv; charset=utf-8; header=present"
#: What a spreadsheet takes for the start of a formula, or skips before one.
_DANGEROUS: Final = frozenset("=+-@\t\r")


def text_cell(value: str | None) -> str | None:
    """A text, with an apostrophe before what a spreadsheet would take for a formula."""
    # Numbers have columns of their own, so that only texts get the apostrophe.
    return f"'{value}" if value and value[0] in _DANGEROUS else value


def _as_it_is(value: Any) -> Any:
    return value


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _list(value: Sequence[str]) -> str:
    return ";".join(value)


def json_cell(value: Any) -> str:
    """What is structured, as JSON."""
    return orjson.dumps(value).decode() if value else ""


#: Each column, in order, with how its cells are written; null is an empty cell.
_COLUMNS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "id": _as_it_is,
    "title": text_cell,
    "when": text_cell,
    "earliest": _as_it_is,
    "latest": _as_it_is,
    "precision": _as_it_is,
    "approximate": _flag,
    "uncertain": _flag,
    "countries": _list,
    "type": text_cell,
    "initiators": _list,
    "valence": _as_it_is,
    "domain": _as_it_is,
    "stage": _as_it_is,
    "actors": json_cell,
    "sources": json_cell,
    "tags": json_cell,
    "codes": json_cell,
    "goldstein": _as_it_is,
    "summary": text_cell,
    "attributes": json_cell,
    "pairs": _list,
    "revision": _as_it_is,
    "status": _as_it_is,
    "accepted_at": _as_it_is,
    "recorded_at": _as_it_is,
    "revised_at": _as_it_is,
    "position": _as_it_is,
}
_CELLS: Final = tuple(_COLUMNS.items())


class CommaSeparated:
    """A line for each event; lists of codes are joined by ";", what is structured is JSON."""

    name = "csv"
    accept_name = "text/csv"
    media_type = CSV_TYPE
    paged = False

    def begin(self, context: FormatContext) -> bytes:
        """The header line."""
        return ",".join(_COLUMNS).encode() + b"\r\n"

    def write(self, context: FormatContext, events: Sequence[EventView], *, first: bool) -> bytes:
        """A line for each event."""
        return write_lines(map(_line, events))

    def end(self, context: FormatContext) -> bytes:
        """Nothing."""
        return b""


def write_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """A line for each row of cells."""
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _line(event: Mapping[str, Any]) -> list[str]:
    return [write_cell(event[name]) for name, write_cell in _CELLS]
