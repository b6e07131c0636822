"""Token files as a process has them: read again when they change, and each line counts for itself.

A token whose line is no longer there is withdrawn, also where the file is empty or gone, or has other lines that cannot
be read. Only of a file that cannot be looked into the last version goes on.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import Gauge

from service_edge.access.roles import Principal
from service_edge.access.tokens import TokenFileError, Tokens

_LOG: Final = structlog.get_logger()
_LOOK_SECONDS: Final = 1.0
_MOST_TOLD: Final = 5
_BROKEN: Final = Gauge("dyadline_token_file_broken", "Token files with which the process could not be started again.")
_Mark = tuple[int, int, int]


class TokenFiles:
    """All tokens that are taken. A change of a file counts within a second."""

    def __init__(self, paths: Iterable[Path], clock: Callable[[], float] = time.monotonic) -> None:
        """Raises TokenFileError for a file that is none, or cannot be read."""
        self._clock = clock
        self._files = [_TokenFile(path) for path in paths]
        self._looked = clock()
        _BROKEN.set_function(self.count_broken)

    def find(self, token: str) -> Principal | None:
        """Whose token it is, also where it has expired."""
        self._look()
        return next((found for file in self._files if (found := file.tokens.find(token)) is not None), None)

    def count_broken(self) -> int:
        """How many files are gone, empty, or have something that cannot be read."""
        self._look()
        return sum(file.is_broken for file in self._files)

    def _look(self) -> None:
        if (now := self._clock()) >= self._looked + _LOOK_SECONDS:
            self._looked = now
            for file in self._files:
                file.look()


class _TokenFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: _Mark | None = None
        self._is_known = True
        self.is_broken = False
        try:
            self._mark = _mark(path.stat())  # before what it marks: a change in between is seen at the next look
            self.tokens = Tokens(_read(path))
        except OSError as error:
            raise TokenFileError(f"the token file {path} cannot be read: {error.strerror}") from error
        except TokenFileError as error:
            raise TokenFileError(f"the token file {path} cannot be taken: {error}") from error

    def look(self) -> None:
        """Take the file as it is now, if it is another."""
        try:
            mark = self._find_mark()
            if self._is_known and mark == self._mark:
                return
            tokens = Tokens(b"" if mark is None else _read(self._path), skip_broken=True)
        except TokenFileError as error:
            self._take(mark, Tokens(b"", skip_broken=True))
            self._tell(f"{error}: its tokens are withdrawn")
        except OSError as error:
            if self._is_known:  # told once, until it can be read again
                self._tell("it cannot be read: the last version goes on", reason=error.strerror)
            self._is_known, self.is_broken = False, True
        else:
            self._take(mark, tokens)
            if mark is None:
                self._tell("it is gone: its tokens are withdrawn")
            elif tokens.broken:
                self._tell("lines of it count for nothing", reason="; ".join(tokens.broken[:_MOST_TOLD]))
            else:
                _LOG.info("the token file was read again", file=str(self._path))

    def _take(self, mark: _Mark | None, tokens: Tokens) -> None:
        self._mark, self.tokens, self._is_known, self.is_broken = mark, tokens, True, bool(tokens.broken)

    def _tell(self, what: str, **more: str | None) -> None:
        _LOG.warning(f"the token file is broken: {what}", file=str(self._path), **more)

    def _find_mark(self) -> _Mark | None:
        try:
            return _mark(self._path.stat())
        except (FileNotFoundError, NotADirectoryError):
            return None


def _read(path: Path) -> bytes:
    require_regular(path.stat())
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        require_regular(os.fstat(file.fileno()))  # it may be another by now
        return file.read()


def require_regular(found: os.stat_result) -> None:
    """Raises TokenFileError for what is no file of lines: a pipe, for one, would be waited for."""
    if not stat.S_ISREG(found.st_mode):
        raise TokenFileError("it is a directory, a pipe or a device, and no file of lines")


def _mark(found: os.stat_result) -> _Mark:
    return found.st_mtime_ns, found.st_size, found.st_ino
