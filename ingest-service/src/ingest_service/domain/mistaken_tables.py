"""Tables that were posted as JSON by mistake: told once, with the command that imports them."""

import csv
from collections.abc import Sequence
from typing import Final

#: How GDELT's rows, which have no header, are known.
_GDELT_COLUMNS: Final = (57, 58, 61)
_DELIMITERS: Final = ("\t", ",", ";", "|")
_OURS: Final = ["id", "title", "when"]
_SHOWN: Final = 5


def told_as_table(lines: Sequence[bytes]) -> str | None:
    """What to say of a text that is not JSON, by its first two lines: what to do if it is a table, or None.

    A header of two columns is as well a sentence with a comma, unless a row of as many cells stands below.
    """
    texts = [line.decode("utf-8", "replace").removeprefix("\ufeff").strip("\r\n") for line in lines]
    if not texts or texts[0].lstrip()[:1] in {"{", "["}:
        return None
    for delimiter in _DELIMITERS:
        header, *rows = (next(csv.reader([text], delimiter=delimiter, strict=False), []) for text in texts)
        same = all(len(row) == len(header) for row in rows)
        if delimiter == "\t" and len(header) in _GDELT_COLUMNS and same:
            return "this is a file of GDELT, not JSON: import it with `ingest import gdelt FILE`"
        if len(header) > (1 if rows else 2) and same and all(_is_name(cell) for cell in header):
            return _words(header)
    return None


def _is_name(cell: str) -> bool:
    """Whether a cell may be a column's name."""
    return 0 < len(cell) <= 100 and any(letter.isalpha() for letter in cell)


def _words(header: list[str]) -> str:
    named = ", ".join(header[:_SHOWN]) + (", …" if len(header) > _SHOWN else "")
    if header[: len(_OURS)] == _OURS:
        return f"this is our own CSV ({named}), not JSON: import it with `ingest import dyadline FILE`"
    return (
        f"this is CSV ({named}), not JSON: import it with `ingest import csv FILE --mapping MAPPING`; "
        "`ingest suggest FILE` drafts the mapping"
    )
