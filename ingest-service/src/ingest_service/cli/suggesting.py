"""`ingest suggest`: a draft of a mapping for a table."""

from pathlib import Path
from typing import Annotated

import typer

from ingest_service.importing.files import FileError, is_encoding
from ingest_service.importing.samples import delimiter_of, first_columns
from ingest_service.importing.suggestion import known_layout, suggest
from ingest_service.importing.table_rows import TableKind
from service_edge.terminal import ExitStatus, leave

_NDJSON = (".ndjson", ".jsonl")


def suggest_mapping(
    file: Annotated[Path, typer.Argument(help="A table: CSV, NDJSON (.ndjson, .jsonl), .xlsx or .parquet.")],
    encoding: Annotated[str, typer.Option(help="What the file's bytes are, if not UTF-8: latin-1 …")] = "utf-8",
) -> None:
    """Draft a mapping from a table's header and first rows, and say why each line is as it is.

    Exit status: 0 drafted, 1 nothing to draft from, 2 wrong usage.
    """
    if not is_encoding(encoding):
        leave(ExitStatus.USAGE, f"{encoding!r} is no encoding: write utf-8, latin-1, cp1252 …")
    try:
        ndjson = file.suffix.lower() in _NDJSON
        delimiter = "," if ndjson else delimiter_of(file, encoding)
        columns = first_columns(file, TableKind(ndjson, delimiter, encoding))
    except FileError as error:
        leave(ExitStatus.REFUSED if file.is_file() else ExitStatus.USAGE, str(error))
    if not any(column.cells for column in columns):
        leave(ExitStatus.REFUSED, f"{file} has no rows to draft a mapping from")
    if (layout := known_layout([column.name for column in columns])) is not None:
        print(f"# This is a layout that is known: ingest import {layout} {file}")
        print("# What follows is a draft all the same.")
    print(suggest(columns, str(file), delimiter), end="")
