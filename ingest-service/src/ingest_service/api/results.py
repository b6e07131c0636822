"""The lines of a bulk's answer, kept until its body has ended: in memory first, then in a temporary file."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Any, Final

import orjson
import structlog

_LOG: Final = structlog.get_logger()
_HELD_BYTES: Final = 64 * 1024


class Results:
    """Lines up to a limit, or up to what the disk has room for; what goes beyond is dropped, and counted in `cut`."""

    def __init__(self, most_bytes: int) -> None:
        self.cut = 0
        self.summary: dict[str, Any] = {}
        self._most = most_bytes
        self._size = self._kept = 0
        self._held = bytearray()
        self._file: IO[bytes] | None = None

    def write(self, result: dict[str, Any]) -> None:
        """Keep a line, or count it as cut."""
        line = orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE)
        if self.cut or self._size + len(line) > self._most:
            self.cut += 1
            return
        self._size += len(line)
        self._kept += 1
        self._held += line
        if len(self._held) >= _HELD_BYTES:
            self._spill()

    def end(self, summary: dict[str, Any]) -> None:
        """Keep the last line, which has no limit."""
        self.summary = summary
        self._held += orjson.dumps(summary, option=orjson.OPT_APPEND_NEWLINE)

    def chunks(self) -> Iterator[bytes]:
        """The answer, once."""
        try:
            if self._file is not None:
                self._file.seek(0)
                while chunk := self._file.read(_HELD_BYTES):
                    yield chunk
            yield bytes(self._held)
        finally:
            self.close()

    def close(self) -> None:
        """Drop what was kept."""
        if self._file is not None:
            self._file.close()

    def _spill(self) -> None:
        """Move what is held to the file. Where that has no room, all lines so far are dropped, and told as cut."""
        try:
            if self._file is None:
                self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - the answer closes it
            if self._file.write(self._held) < len(self._held):
                raise OSError("there is no room on the disk")
        except OSError as error:
            _LOG.error("an answer is cut", reason=str(error))
            self.close()
            self._file = None
            self.cut = self._kept
        self._held.clear()
