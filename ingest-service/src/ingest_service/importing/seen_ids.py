"""Ids that an import has seen, with what was said under them: on disk, however many there are."""

import sqlite3
from types import TracebackType
from typing import Self


class SeenIds:
    """Tells what is said again, and what is said otherwise, under an id."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("pragma journal_mode = off")
        self._database.execute("pragma cache_size = -16000")
        self._database.execute("create table ids (id text primary key, digest blob) without rowid")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def before(self, identifier: str, digest: bytes) -> bool | None:
        """None where the id is new, and is kept; else whether the same was said under it."""
        added = self._database.execute("insert or ignore into ids values (?, ?)", (identifier, digest)).rowcount
        if added:
            return None
        (known,) = self._database.execute("select digest from ids where id = ?", (identifier,)).fetchone()
        return bool(known == digest)
