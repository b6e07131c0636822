"""What `ingest import` can read, by the names that people give it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from ingest_service.importing.drafts import Complain, Draft, Watch
from ingest_service.importing.files import is_encoding
from ingest_service.importing.gdelt import gdelt_drafts
from ingest_service.importing.mapping import Mapping, MappingError, read_mapping
from ingest_service.importing.presets import PRESETS, preset
from ingest_service.importing.table_drafts import table_drafts
from ingest_service.importing.table_rows import TableKind
from ingest_service.importing.tally import Tally

GDELT: Final = "gdelt"
_CSV: Final = "csv"
_NDJSON: Final = "ndjson"
KINDS: Final = (GDELT, _CSV, _NDJSON, *PRESETS)

#: Makes drafts of files that belong together.
ImportSource = Callable[[Sequence[Path], Tally, Complain, Watch], Iterator[Draft]]


class UnusableError(Exception):
    """What was asked for cannot be; the message says what can."""


def source_of(kind: str, mapping: Path | None, encoding: str | None, *, apart: bool) -> ImportSource:
    """How files of a kind are read; raises UnusableError."""
    if kind not in KINDS:
        raise UnusableError(f"{kind!r} is no kind of file; there are {', '.join(KINDS)}")
    if encoding is not None and not is_encoding(encoding):
        raise UnusableError(f"{encoding!r} is no encoding: write utf-8, latin-1, cp1252 …")
    if kind in {_CSV, _NDJSON}:
        if mapping is None:
            raise UnusableError(f"{kind} needs --mapping FILE: `ingest suggest` drafts one")
        return _tables(_read(mapping), encoding, ndjson=kind == _NDJSON)
    if mapping is not None:
        raise UnusableError(f"{kind} brings its own mapping: leave --mapping out, or write {_CSV}")
    if kind != GDELT:
        return _tables(preset(kind), encoding, ndjson=False)
    return lambda files, tally, complain, watch: gdelt_drafts(
        files, tally, complain, watch, encoding=encoding or "utf-8", apart=apart
    )


def _tables(mapping: Mapping, encoding: str | None, *, ndjson: bool) -> ImportSource:
    kind = TableKind(ndjson, mapping.delimiter, encoding or mapping.encoding or "utf-8", mapping.sheet)
    return lambda files, tally, complain, watch: table_drafts(files, mapping, kind, tally, complain, watch)


def _read(path: Path) -> Mapping:
    try:
        return read_mapping(path)
    except MappingError as error:
        raise UnusableError(str(error)) from error
