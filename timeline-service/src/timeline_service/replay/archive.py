"""An exported log in a file, read back: from it a projection can be made anew, without Kafka."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import BinaryIO, Final

from timeline_service.domain.arrivals import RawRecord
from timeline_service.domain.exports import RECORD_START, ExportHeader, read_header, read_record
from timeline_service.domain.vectors import Vector
from timeline_service.errors import ArchiveError, ExportError

_MOST_RECORDS: Final = 1_000
_MOST_BYTES: Final = 8 * 1024 * 1024
_BUFFER_BYTES: Final = 1024 * 1024
_HEADER_BYTES: Final = 64 * 1024


@dataclass(slots=True)
class Section:
    """A header in its line, the bytes of the file in which its records lie, and where the last of them begins."""

    header: ExportHeader
    line: int
    start: int
    last: int
    end: int
    records: int = 0


class Archive:
    """A file with all partitions of a log from their beginnings, each in one range or in several that join.

    It is looked through once, to find its sections; nothing else of it is held. Raises ArchiveError for a file that
    is something else, or less. With `allow_missing_end` a range may end without its last record: where a log ends
    with a transaction, the offset before its end is that of a marker, and not of a record.
    """

    def __init__(self, path: Path, *, allow_missing_end: bool = False) -> None:
        self._path = path
        try:
            with path.open("rb", _BUFFER_BYTES) as file:
                sections = find_sections(file)
                for section in sections if not allow_missing_end else ():
                    _require_end(file, section)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
        first = sections[0].header
        self.topic, self.partitions = first.topic, first.partitions
        for section in sections:
            if (section.header.topic, section.header.partitions) != (self.topic, self.partitions):
                raise ExportError(
                    section.line, f"expected {self.topic} with {self.partitions} partitions, as in line 1"
                )
        sections.sort(key=lambda section: (section.header.partition, section.header.start, section.header.end))
        self._sections = {
            partition: list(found) for partition, found in groupby(sections, lambda section: section.header.partition)
        }
        for partition in range(self.partitions):
            self._require_whole(partition)

    @property
    def next_offsets(self) -> Vector:
        """Where the archive ends."""
        return tuple(self._sections[partition][-1].header.end for partition in range(self.partitions))

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
            if len(batch) == _MOST_RECORDS or held >= _MOST_BYTES:
                yield batch
                batch, held = [], 0
        if batch:
            yield batch

    def _read(self, partition: int) -> Iterator[RawRecord]:
        with self._path.open("rb", _BUFFER_BYTES) as file:
            for section in self._sections[partition]:
                file.seek(section.start)
                least, end = section.header.start, section.header.end
                for number in range(section.line + 1, section.line + 1 + section.records):
                    raw = read_record(file.readline(), number)
                    if raw.partition != partition or not least <= raw.offset < end:
                        found, wanted = f"{raw.partition}:{raw.offset}", f"partition {partition} from {least} to {end}"
                        raise ExportError(number, f"is the record at {found}: expected one of {wanted}")
                    least = raw.offset + 1
                    yield raw

    def _require_whole(self, partition: int) -> None:
        sections = self._sections.get(partition)
        if sections is None:
            raise ArchiveError(f"partition {partition} of {self.partitions} is missing: export all of them")
        if (start := sections[0].header.start) > 0:
            raise ExportError(sections[0].line, f"partition {partition} begins at {start}: what is before is missing")
        for one, other in pairwise(sections):
            end, start = one.header.end, other.header.start
            if end != start:
                wrong = "is missing" if end < start else "is there twice"
                raise ExportError(
                    other.line,
                    f"partition {partition} goes on from {start}, and the range in line {one.line} ends at {end}: what "
                    f"is between {wrong}",
                )


def find_sections(file: BinaryIO) -> list[Section]:
    """The sections of an open file, from where it stands, at least one; raises ArchiveError for what is none."""
    sections: list[Section] = []
    line, number, at = file.readline(_HEADER_BYTES), 1, 0
    if not line:
        raise ArchiveError("the file is empty: expected an export of the log")
    while line:
        begun, at = at, at + len(line)
        if sections and line.startswith(RECORD_START):
            section = sections[-1]
            section.last, section.end = begun, at
            section.records += 1
        else:
            sections.append(Section(read_header(line, number), number, at, at, at))
        if not line.endswith(b"\n"):
            raise ExportError(number, "is cut off: export again what is missing")
        line, number = file.readline(), number + 1
    return sections


def reached(file: BinaryIO, section: Section) -> int:
    """The offset behind the last record of a section; raises ArchiveError where that cannot be read."""
    if not section.records:
        return section.header.start
    file.seek(section.last)
    return read_record(file.readline(), section.line + section.records).offset + 1


def _require_end(file: BinaryIO, section: Section) -> None:
    header, at = section.header, reached(file, section)
    if at != header.end:
        raise ExportError(
            section.line + section.records,
            f"partition {header.partition} breaks off at {at}, and {header.end} is promised in line {section.line}: "
            "export again what is missing",
        )
