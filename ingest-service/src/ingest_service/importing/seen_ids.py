"""Ids that an import has seen, with what was said under them: on disk, however many there are."""

from ingest_service.importing.scratch import Scratch


class SeenIds(Scratch):
    """Tells what is said again, and what is said otherwise, under an id."""

    def __init__(self) -> None:
        super().__init__("create table ids (id text primary key, digest blob) without rowid")

    def before(self, identifier: str, digest: bytes) -> bool | None:
        """None where the id is new, and is kept; else whether the same was said under it."""
        added = self._database.execute("insert or ignore into ids values (?, ?)", (identifier, digest)).rowcount
        if added:
            return None
        (known,) = self._database.execute("select digest from ids where id = ?", (identifier,)).fetchone()
        return bool(known == digest)
