"""CSV (RFC 4180): UTF-8 without a BOM, CRLF, a header line."""

import csv
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any, Final

import orjson

from timeline_service.formats.format import FormatContext
from timeline_service.queries.views.events import EventView

#: What a spreadsheet takes for the start of a formula, or skips before one.
_DANGEROUS: Final = frozenset("=+-@\t\r")


def _text(value: str | None) -> str | None:
    # Numbers have columns of their own, so that only texts get the apostrophe.
    return f"'{value}" if value and value[0] in _DANGEROUS else value


def _as_it_is(value: Any) -> Any:
    return value


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _list(value: Sequence[str]) -> str:
    return ";".join(value)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode() if value else ""


#: Each column, in order, with how its cells are written; null is an empty cell.
_COLUMNS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "id": _as_it_is,
    "title": _text,
    "when": _text,
    "earliest": _as_it_is,
    "latest": _as_it_is,
    "precision": _as_it_is,
    "approximate": _flag,
    "uncertain": _flag,
    "countries": _list,
    "type": _text,
    "initiators": _list,
    "valence": _as_it_is,
    "domain": _as_it_is,
    "stage": _as_it_is,
    "actors": _json,
    "sources": _json,
    "tags": _json,
    "codes": _json,
    "goldstein": _as_it_is,
    "summary": _text,
    "attributes": _json,
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
    media_type = "text/csv; charset=utf-8; header=present"
    paged = False

    def begin(self, context: FormatContext) -> bytes:
        """The header line."""
        return ",".join(_COLUMNS).encode() + b"\r\n"

    def write(self, context: FormatContext, events: Sequence[EventView], *, first: bool) -> bytes:
        """A line for each event."""
        text = StringIO(newline="")
        lines = csv.writer(text, lineterminator="\r\n")
        lines.writerows(map(_line, events))
        return text.getvalue().encode()

    def end(self, context: FormatContext) -> bytes:
        """Nothing."""
        return b""


def _line(event: Mapping[str, Any]) -> list[str]:
    return [write_cell(event[name]) for name, write_cell in _CELLS]
