"""A folder into which files come: each is taken once, when nobody writes to it any more, also over restarts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

#: What has been taken, in the folder itself, so that it goes where the files go.
REGISTER: Final = ".dyadline-imported.ndjson"
_UNFINISHED: Final = frozenset([".part", ".tmp", ".partial", ".crdownload"])
#: What a file is known by: its name, size and time of change.
Mark = tuple[str, int, int]


class FollowedFolder:
    """Knows which files of a folder have been taken. A file that has changed since is taken again."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where the folder is none, or its register cannot be written."""
        self._folder = folder
        list(folder.iterdir())
        self._register = (folder / REGISTER).open("ab+")
        self._register.seek(0)
        lines = self._register.readlines()
        if lines and not lines[-1].endswith(b"\n"):  # a kill has cut it off
            self._register.write(b"\n")
        self._taken = {mark for line in lines if (mark := _mark_of_line(line))}
        self._seen: set[Mark] = set()

    def settled(self) -> Iterator[tuple[Path, Mark]]:
        """The files that were the same at the last look and have not been taken, by name, with their marks."""
        marks = {path: mark for path in sorted(self._folder.iterdir()) if (mark := _mark_of(path))}
        before, self._seen = self._seen, set(marks.values())
        for path, mark in marks.items():
            if mark in before and mark not in self._taken and mark == _mark_of(path):
                yield path, mark

    def take(self, mark: Mark, summary: dict[str, Any]) -> None:
        """Remember that a file, as it was, has been taken, and what came of it."""
        name, size, changed = mark
        line = {"name": name, "size": size, "changed": changed, **summary}
        self._register.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        self._register.flush()
        self._taken.add(mark)

    def close(self) -> None:
        """Let the register go."""
        self._register.close()


def _mark_of(path: Path) -> Mark | None:
    if path.name.startswith(".") or path.suffix.lower() in _UNFINISHED or not path.is_file():
        return None
    try:
        found = path.stat()
    except OSError:  # it has gone since
        return None
    return path.name, found.st_size, found.st_mtime_ns


def _mark_of_line(line: bytes) -> Mark | None:
    """A line of the register; one that was cut off by a kill counts as none."""
    try:
        value = orjson.loads(line)
        return value["name"], value["size"], value["changed"]
    except (ValueError, KeyError, TypeError):
        return None
