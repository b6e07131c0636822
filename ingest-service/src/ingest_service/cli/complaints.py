"""What does not go in: the first of it at the terminal, all of it in a file where one is named."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import orjson

from service_edge.terminal import ExitStatus, leave

_MAX_LISTED: Final = 50
_MAX_SHOWN: Final = 500


class Complaints:
    """Lists rows and events that were not taken, each with its place and the reason."""

    def __init__(self, path: Path | None) -> None:
        self._count = 0
        try:
            self._file: IO[bytes] | None = path.open("wb") if path is not None else None
        except OSError as error:
            leave(ExitStatus.USAGE, f"{path} cannot be written: {error.strerror}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._write(self._file.close)

    def add(self, place: str, reason: str, original: Any) -> None:
        """Tell of one."""
        if self._file is not None:
            line = {"place": place, "reason": reason, "original": _writable(original)}
            text = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
            self._write(partial(self._file.write, text))
        self._count += 1
        if self._count <= _MAX_LISTED:
            print(f"{place}: {reason}"[:_MAX_SHOWN], file=sys.stderr)
        elif self._count == _MAX_LISTED + 1:
            print("… more were not taken: --refused FILE lists all of them", file=sys.stderr)

    def _write(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            self._file = None
            leave(ExitStatus.REFUSED, f"what was not taken cannot be written: {error.strerror}")


def _writable(original: Any) -> Any:
    """A text that was not of its encoding still has to be shown."""
    return original.encode(errors="backslashreplace").decode() if isinstance(original, str) else original
