"""Files as people have them (plain, zipped, with a BOM, with mixed line ends) as numbered lines, in little memory."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import IO, Final, NamedTuple, cast
from zipfile import BadZipFile, ZipFile

#: No row that we take is longer: an event has at most a quarter of it.
MAX_LINE: Final = 1024 * 1024
_TOLD_LINES: Final = 1_000
_BOM: Final = "\ufeff"
_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_BROKEN: Final = (BadZipFile, EOFError, zlib.error, gzip.BadGzipFile, NotImplementedError)


class FileError(Exception):
    """A file that cannot be read, or not to its end; the message names it and says what to do."""


class Line(NamedTuple):
    """One line without its end; `trouble` says why its text cannot be used, and is empty where it can."""

    file: str
    number: int
    text: str
    trouble: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.file}:{self.number}"


def read_lines(path: Path, encoding: str = "utf-8", advance: Callable[[int], None] | None = None) -> Iterator[Line]:
    """The lines of a file, of all files in a zip one after another; raises FileError.

    `advance` is told now and then how many bytes more of the file are read.
    """
    done = 0
    try:
        with path.open("rb") as raw:
            for name, stream in _members(path, raw):
                for line in _lines(name, stream, encoding):
                    yield line
                    if advance is not None and line.number % _TOLD_LINES == 0:
                        place = raw.raw.tell()
                        advance(place - done)
                        done = place
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
    except _BROKEN as error:
        raise FileError(f"{path} is broken or cut off ({error}): fetch it again") from error


def is_encoding(name: str) -> bool:
    """Whether files can be read in an encoding of that name."""
    try:
        return "\n".encode(name) != b""
    except (LookupError, UnicodeError):
        return False


def _members(path: Path, raw: BufferedReader) -> Iterator[tuple[str, IO[bytes]]]:
    start = raw.peek(4)[:4]
    if start == _ZIP:
        with ZipFile(raw) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    with _opened(archive, member.filename, path) as stream:
                        yield f"{path.name}/{member.filename}", stream
    elif start[:2] == _GZIP:
        with gzip.open(raw) as unpacked:
            yield path.name, cast(IO[bytes], unpacked)
    else:
        yield path.name, raw


@contextmanager
def _opened(archive: ZipFile, name: str, path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = archive.open(name)
    except RuntimeError as error:  # a password
        raise FileError(f"{path} cannot be read: {error}") from error
    with stream:
        yield stream


def _lines(name: str, stream: IO[bytes], encoding: str) -> Iterator[Line]:
    # Bytes that are not of the encoding become lone surrogates, which tells them apart without ending the reading.
    text = TextIOWrapper(stream, encoding, errors="surrogateescape", newline="")
    try:
        yield from _numbered(name, text, encoding)
    finally:
        text.detach()  # whoever opened the stream closes it


def _numbered(name: str, text: TextIOWrapper, encoding: str) -> Iterator[Line]:
    number = 0
    while line := text.readline(MAX_LINE):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) == MAX_LINE and line[-1] not in "\r\n":
            while rest := text.readline(MAX_LINE):
                if rest[-1] in "\r\n":
                    break
            yield Line(name, number, "", f"is longer than {MAX_LINE} characters")
            continue
        line = line.rstrip("\r\n")
        yield Line(name, number, line, "" if _is_text(line) else f"is not {encoding}: name its encoding (--encoding)")


def _is_text(line: str) -> bool:
    if line.isascii():
        return True
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True
