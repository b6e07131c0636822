"""Ids that an import has seen, with what was said under them: on disk, however many there are."""

from typing import Final

from ingest_service.importing.scratch import Scratch

_HELD: Final = 2_000
#: As many marks as bits: of a million ids one in a hundred is looked up in vain.
_MARKS: Final = 1 << 27


class SeenIds(Scratch):
    """Tells what is said again, and what is said otherwise, under an id.

    Most ids are new. An array of marks, one for many ids, tells that without asking the database, which is filled in
    larger steps.
    """

    def __init__(self) -> None:
        super().__init__("create table ids (id text primary key, digest blob) without rowid")
        self._marks = bytearray(_MARKS // 8)
        self._held: dict[str, bytes] = {}

    def before(self, identifier: str, digest: bytes) -> bool | None:
        """None where the id is new, and is kept; else whether the same was said under it."""
        place, bit = divmod(hash(identifier) % _MARKS, 8)
        if self._marks[place] >> bit & 1 and (known := self._known(identifier)) is not None:
            return known == digest
        self._marks[place] |= 1 << bit
        self._held[identifier] = digest
        if len(self._held) >= _HELD:
            self._database.executemany("insert into ids values (?, ?)", self._held.items())
            self._held.clear()
        return None

    def _known(self, identifier: str) -> bytes | None:
        if identifier in self._held:
            return self._held[identifier]
        found = self._database.execute("select digest from ids where id = ?", (identifier,)).fetchone()
        return bytes(found[0]) if found is not None else None
