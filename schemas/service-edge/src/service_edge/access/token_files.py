"""Token files as a process has them: read again when they change. A new version that is broken does not count."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import structlog

from service_edge.access.roles import Principal
from service_edge.access.tokens import TokenFileError, Tokens

_LOG: Final = structlog.get_logger()
_LOOK_SECONDS: Final = 1.0
_Mark = tuple[int, int, int]


class TokenFiles:
    """All tokens that are taken. A change of a file counts within a second."""

    def __init__(self, paths: Iterable[Path], clock: Callable[[], float] = time.monotonic) -> None:
        """Raises TokenFileError for a file that is none, or cannot be read."""
        self._clock = clock
        self._files = [_TokenFile(path) for path in paths]
        self._looked = clock()

    def find(self, token: str) -> Principal | None:
        """Whose token it is, also where it has expired."""
        if (now := self._clock()) >= self._looked + _LOOK_SECONDS:
            self._looked = now
            for file in self._files:
                file.look()
        return next((found for file in self._files if (found := file.tokens.find(token)) is not None), None)


class _TokenFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: _Mark | None = None
        try:
            self._mark, self.tokens = self._read()
        except OSError as error:
            raise TokenFileError(f"the token file {path} cannot be read: {error.strerror}") from error
        except TokenFileError as error:
            raise TokenFileError(f"the token file {path} cannot be taken: {error}") from error

    def look(self) -> None:
        """Take the file as it is now, if it is another and is sound."""
        try:
            mark = _mark(self._path)
            if mark == self._mark:
                return
            self._mark = mark
            self._mark, self.tokens = self._read()
        except TokenFileError as error:
            self._complain(str(error))
        except OSError as error:
            if self._mark is not None:  # told once, until it can be read again
                self._complain(str(error.strerror))
            self._mark = None
        else:
            _LOG.info("the token file was read again", file=str(self._path))

    def _complain(self, reason: str) -> None:
        _LOG.error("the token file is broken: the last version goes on", file=str(self._path), reason=reason)

    def _read(self) -> tuple[_Mark, Tokens]:
        mark = _mark(self._path)  # before what it marks: a change in between is seen at the next look
        return mark, Tokens(self._path.read_bytes())


def _mark(path: Path) -> _Mark:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
