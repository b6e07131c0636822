"""Parquet as rows, some at a time: of a file of any length one row group is read at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ingest_service.importing.drafts import Watch
from ingest_service.importing.files import FileError
from ingest_service.importing.table_rows import CheckColumns, Row, flattened, header_of

SUFFIX: Final = ".parquet"
_ROWS: Final = 1_000


def parquet_rows(path: Path, check: CheckColumns, watch: Watch) -> Iterator[Row]:
    """The rows of a Parquet file; raises FileError. What is nested is found by dots, lists are JSON."""
    try:
        from pyarrow import ArrowException  # it is large, slow to import, and an extra of this package
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        words = "is Parquet, which pyarrow reads: pip install 'dyadline-ingest-service[parquet]'"
        raise FileError(f"{path} {words}") from error
    try:
        with ParquetFile(path, pre_buffer=False) as file:
            watch.begin(f"importing {path.name}", file.metadata.num_rows, "rows")
            header_of(path.name, file.schema_arrow.names, check)
            yield from _rows(path.name, file, watch)
    except (ArrowException, OSError) as error:
        raise FileError(f"{path} cannot be read as Parquet ({error}): fetch it again") from error


def _rows(name: str, file: Any, watch: Watch) -> Iterator[Row]:
    number = 0
    for batch in file.iter_batches(batch_size=_ROWS):
        for values in batch.to_pylist():
            number += 1
            cells = dict(flattened(values, ""))
            yield Row(f"{name}:{number}", cells, original=cells)
        watch.advance(batch.num_rows)
