"""An exported log in files, read back: from it a projection can be made anew without Kafka, or the log itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import BinaryIO, Final

from timeline_service.domain.export_ranges import ExportRange
from timeline_service.domain.exports import (
    END_START,
    GAP_START,
    RECORD_START,
    ExportHeader,
    read_end,
    read_gap,
    read_header,
    read_place,
    read_record,
)
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import ArchiveError, ExportError
from timeline_service.judge.decoding import RawRecord

_MAX_RECORDS: Final = 1_000
_MAX_BYTES: Final = 8 * 1024 * 1024
_BUFFER_BYTES: Final = 1024 * 1024
_HEADER_BYTES: Final = 64 * 1024


@dataclass(slots=True)
class Section:
    """A header in its line, how far the lines behind it have got, and where in the file they are.

    They begin at the byte `start`, and the last record among them at `last` in the line `last_line`.
    """

    range: ExportRange
    line: int
    start: int
    lines: int = 0
    last: int = 0
    last_line: int = 0

    @property
    def header(self) -> ExportHeader:
        """The first line of the export."""
        return self.range.header


class Archive:
    """Files with all partitions of a log from their beginnings, each in one range or in several that join.

    They are looked through once, to find their sections, and whether anything is missing of them; nothing else of them
    is held. Raises ArchiveError for a file that is something else, or less, and names it where there are several.
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        found = [(path, section) for path in paths for section in self._look_through(path)]
        first = found[0][1].header
        self.topic, self.partitions = first.topic, first.partitions
        for path, section in found:
            if (section.header.topic, section.header.partitions) != (self.topic, self.partitions):
                with self._naming(path):
                    raise ExportError(
                        section.line,
                        f"expected {self.topic} with {self.partitions} partitions, as in {self._place(paths[0], 1)}",
                    )
        found.sort(key=lambda item: (item[1].header.partition, item[1].header.start, item[1].header.end))
        self._sections = {
            partition: list(parts) for partition, parts in groupby(found, lambda item: item[1].header.partition)
        }
        for partition in range(self.partitions):
            self._require_whole(partition)

    @property
    def next_offsets(self) -> OffsetVector:
        """Where the archive ends."""
        return tuple(self._sections[partition][-1][1].header.end for partition in range(self.partitions))

    def records(self, partition: int) -> Iterator[list[tuple[RawRecord, int]]]:
        """The records of a partition in their order, each with the size of its key and value, at most 1,000 at once.

        Raises ArchiveError for one that was changed, or that stands where it cannot.
        """
        batch: list[tuple[RawRecord, int]] = []
        held = 0
        for raw in self._read(partition):
            size = len(raw.key or b"") + len(raw.value or b"")
            batch.append((raw, size))
            held += size
            if len(batch) == _MAX_RECORDS or held >= _MAX_BYTES:
                yield batch
                batch, held = [], 0
        if batch:
            yield batch

    def _look_through(self, path: Path) -> list[Section]:
        with self._naming(path):
            try:
                with path.open("rb", _BUFFER_BYTES) as file:
                    sections = find_sections(file)
            except OSError as error:
                raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
            _require_end(sections[-1])
        return sections

    def _read(self, partition: int) -> Iterator[RawRecord]:
        for path, section in self._sections[partition]:
            with self._naming(path), path.open("rb", _BUFFER_BYTES) as file:
                file.seek(section.start)
                read = ExportRange(section.header)
                for number in range(section.line + 1, section.line + 1 + section.lines):
                    line = file.readline()
                    if line.startswith(GAP_START):
                        read.take_gap(number, read_gap(line, number))
                    elif line.startswith(END_START):
                        read.take_end(number, read_end(line, number))
                    else:
                        raw = read_record(line, number)
                        read.take_record(number, raw.partition, raw.offset)
                        yield raw

    def _require_whole(self, partition: int) -> None:
        sections = self._sections.get(partition)
        if sections is None:
            raise ArchiveError(f"partition {partition} of {self.partitions} is missing: export all of them")
        path, first = sections[0]
        if (start := first.header.start) > 0:
            with self._naming(path):
                raise ExportError(first.line, f"partition {partition} begins at {start}: what is before is missing")
        for (before, one), (path, other) in pairwise(sections):
            end, start = one.header.end, other.header.start
            if end != start:
                wrong = "is missing" if end < start else "is there twice"
                with self._naming(path):
                    raise ExportError(
                        other.line,
                        f"partition {partition} goes on from {start}, and the range in {self._place(before, one.line)} "
                        f"ends at {end}: what is between {wrong}",
                    )

    @contextmanager
    def _naming(self, path: Path) -> Iterator[None]:
        """Name the file in what is wrong with it, where there are several."""
        try:
            yield
        except ExportError as error:
            if len(self._paths) == 1:
                raise
            raise ArchiveError(f"{path}, {error}") from error

    def _place(self, path: Path, line: int) -> str:
        return f"line {line}" if len(self._paths) == 1 else f"line {line} of {path}"


def find_sections(file: BinaryIO) -> list[Section]:
    """The sections of an open file, from where it stands, at least one; the last may have no end yet.

    Raises ArchiveError for what is none, and where lines are missing.
    """
    sections: list[Section] = []
    line, number, at = file.readline(_HEADER_BYTES), 1, 0
    if not line:
        raise ArchiveError("the file is empty: expected an export of the log")
    while line:
        begun, at = at, at + len(line)
        if not sections or not _take(sections[-1], line, number, begun):
            header = read_header(line, number)
            if sections and not sections[-1].range.ended:
                raise ExportError(number, f"begins another range, and {_without_end(sections[-1])}")
            sections.append(Section(ExportRange(header), number, at))
        if not line.endswith(b"\n"):
            raise ExportError(number, "is cut off: export again what is missing")
        line, number = file.readline(), number + 1
    return sections


def _take(section: Section, line: bytes, number: int, begun: int) -> bool:
    """Note a line behind a header; False if it is none."""
    if line.startswith(RECORD_START):
        section.range.take_record(number, *read_place(line, number))
        section.last, section.last_line = begun, number
    elif line.startswith(GAP_START):
        section.range.take_gap(number, read_gap(line, number))
    elif line.startswith(END_START):
        section.range.take_end(number, read_end(line, number))
    else:
        return False
    section.lines += 1
    return True


def require_record(file: BinaryIO, section: Section) -> None:
    """Raises ArchiveError where the last record of a section is not as it was written."""
    if section.range.records:
        file.seek(section.last)
        read_record(file.readline(), section.last_line)


def _require_end(section: Section) -> None:
    if not section.range.ended:
        raise ExportError(section.line + section.lines, f"is the last, and {_without_end(section)}")


def _without_end(section: Section) -> str:
    header = section.header
    return (
        f"partition {header.partition} breaks off at {section.range.at} without its end, and {header.end} is promised "
        f"in line {section.line}: export again what is missing"
    )
