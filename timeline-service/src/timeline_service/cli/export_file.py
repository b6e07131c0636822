"""A file that an export is written to, and gone on with after it was cut off."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from timeline_service.domain.export_ranges import ExportRange
from timeline_service.domain.exports import HEADER_START, read_header
from timeline_service.errors import ArchiveError, ExportError
from timeline_service.replay.archive import find_sections, require_record

_BUFFER_BYTES: Final = 1024 * 1024
_BLOCK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of an export that a file holds, and the line of its header."""

    range: ExportRange
    line: int


@contextmanager
def open_export(path: Path) -> Iterator[tuple[BinaryIO, list[Kept]]]:
    """The file, to be written on behind its last whole line, and the parts that it holds.

    Raises OSError, and ArchiveError for a file that holds something else, or that another process writes to.
    """
    with path.open("a+b", _BUFFER_BYTES) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveError("another process writes to it") from error
        size = _keep_whole_lines(file)
        file.seek(0)
        sections = find_sections(file) if size else []
        for section in sections:
            require_record(file, section)
        yield file, [Kept(section.range, section.line) for section in sections]
        file.flush()
        os.fsync(file.fileno())


def _keep_whole_lines(file: BinaryIO) -> int:
    """Drop what was written of the last line if it was cut off; returns how much is left."""
    file.seek(0)
    first = file.readline(_BLOCK_BYTES)
    if first.endswith(b"\n"):
        read_header(first, 1)  # nobody's file is cut that is not an export
        size = _line_end(file)
    elif len(first) < _BLOCK_BYTES and HEADER_START.startswith(first[: len(HEADER_START)]):
        size = 0
    else:
        raise ExportError(1, "is not an export's header")
    file.truncate(size)
    return size


def _line_end(file: BinaryIO) -> int:
    """Where the last whole line ends; there is one."""
    end = file.seek(0, os.SEEK_END)
    while True:
        start = max(0, end - _BLOCK_BYTES)
        file.seek(start)
        if (found := file.read(end - start).rfind(b"\n")) >= 0:
            return start + found + 1
        end = start
