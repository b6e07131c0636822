"""What does not go in: the first of it at the terminal, all of it in a file where one is named."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import orjson

from ingest_service.cli.parts import Part, Receipt
from service_edge.terminal import ExitStatus, leave, problem_text

_MAX_LISTED: Final = 50
_MAX_SHOWN: Final = 500
_WHY: Final = {
    "conflict": "its event is recorded in other words: correct it (--existing correct), or give it an id of its own",
    "stale-revision": "its event has been changed since: read it again, and correct what it says now",
    "unknown-event": "no event of this id is recorded",
    "already-retracted": "its event is retracted already",
    "retracted": "somebody has retracted its event, which a feed does not bring back: a correction does",
    "no-change": "its event says that already",
}


class Complaints:
    """Lists rows, events and changes that were not taken, each with its place and the reason.

    `as_lines` prints what the services say of each, in place of the list.
    """

    def __init__(self, path: Path | None, *, as_lines: bool = False) -> None:
        self._count = 0
        self._as_lines = as_lines
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
        if self._as_lines:
            return
        self._count += 1
        if self._count <= _MAX_LISTED:
            print(f"{place}: {reason}"[:_MAX_SHOWN], file=sys.stderr)
        elif self._count == _MAX_LISTED + 1:
            print("… more were not taken: --refused FILE lists all of them", file=sys.stderr)

    def refused(self, said: dict[str, Any], part: Part) -> None:
        """Tell of what the ingest service has refused."""
        if self._as_lines:
            print(orjson.dumps(said).decode())
        self.add(part.place, problem_text(said["problem"]), part.line)

    def rejected(self, outcome: dict[str, Any], receipt: Receipt) -> None:
        """Tell of what was recorded and rejected."""
        if self._as_lines:
            print(orjson.dumps({"line": receipt.number, **outcome}).decode())
        problem = outcome["problem"]
        words = f"rejected at {receipt.position}: {problem}" + (f", {_WHY[problem]}" if problem in _WHY else "")
        self.add(receipt.place, words, receipt.line.encode())

    def _write(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            self._file = None
            leave(ExitStatus.REFUSED, f"what was not taken cannot be written: {error.strerror}")


def _writable(original: Any) -> Any:
    """A line stands there as the value that it is, and what was not of its encoding still has to be shown."""
    if isinstance(original, bytes):
        try:
            return orjson.loads(original)
        except ValueError:
            return original.decode(errors="backslashreplace")
    return original.encode(errors="backslashreplace").decode() if isinstance(original, str) else original
