"""Ids that an import has seen, with what was said under them: on disk, however many there are."""

from typing import Final

from ingest_service.importing.scratch import Scratch

_HELD: Final = 10_000
#: As many marks as bits: of a million ids one in a hundred is looked up in vain.
_MARKS: Final = 1 << 27


class SeenIds(Scratch):
    """Tells what is said again, and what is said otherwise, under an id.

    Most ids are new. An array of marks, one for many ids, tells that without asking the database, which is filled in
    larger steps. Ids are known by 64 bits: that two of a million share them is as likely as one in thirty millions.
    """

    def __init__(self) -> None:
        super().__init__("create table ids (id integer primary key, digest blob)")
        self._marks = bytearray(_MARKS // 8)
        self._held: dict[int, bytes] = {}

    def before(self, identifier: str, digest: bytes) -> bool | None:
        """None where the id is new, and is kept; else whether the same was said under it."""
        number = hash(identifier)
        place, bit = divmod(number % _MARKS, 8)
        if self._marks[place] >> bit & 1 and (known := self._known(number)) is not None:
            return known == digest
        self._marks[place] |= 1 << bit
        self._held[number] = digest
        if len(self._held) >= _HELD:
            self._write()
        return None

    def _known(self, number: int) -> bytes | None:
        if number in self._held:
            return self._held[number]
        found = self._database.execute("select digest from ids where id = ?", (number,)).fetchone()
        return bytes(found[0]) if found is not None else None

    def _write(self) -> None:
        self._database.execute("begin")
        self._database.executemany("insert into ids values (?, ?)", sorted(self._held.items()))
        self._database.execute("commit")
        self._held.clear()
