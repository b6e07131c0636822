"""A database for the length of an import, on disk, without a name: what does not fit into memory lies there."""

import sqlite3
from types import TracebackType
from typing import Self

from ingest_service.importing.files import FileError


class Scratch:
    """Ends with its block. A disk that is full there ends the import with a FileError."""

    def __init__(self, *statements: str) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for statement in ("pragma journal_mode = off", "pragma cache_size = -16000", "pragma temp_store = file"):
            self._database.execute(statement)
        for statement in statements:
            self._database.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        if isinstance(error, sqlite3.OperationalError):
            raise FileError(f"there is no room in the folder for temporary files (SQLITE_TMPDIR): {error}") from error
