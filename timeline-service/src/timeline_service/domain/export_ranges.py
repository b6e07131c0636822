"""A range of an export while its lines are read: each goes on where the one before it has ended, or says why not."""

from dataclasses import dataclass, field

from timeline_service.domain.exports import End, ExportHeader, Gap
from timeline_service.errors import ExportError


@dataclass(slots=True)
class ExportRange:
    """How far the lines behind a header have got: before `at`, with so many records. Methods raise ExportError."""

    header: ExportHeader
    at: int = field(init=False)
    records: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        self.at = self.header.start

    def take_record(self, line: int, partition: int, offset: int) -> None:
        """The record in the line of that number is the next one."""
        self._require_turn(line, f"the record at {partition}:{offset}", partition, offset, offset + 1)
        self.records += 1

    def take_gap(self, line: int, gap: Gap) -> None:
        """The line of that number tells that the next offsets hold no record."""
        words = f"a gap of partition {gap.partition} from {gap.start} to {gap.end}"
        if gap.start >= gap.end:
            raise ExportError(line, f"is {words}, which is none")
        self._require_turn(line, words, gap.partition, gap.start, gap.end)

    def take_end(self, line: int, end: End) -> None:
        """The line of that number says that this was all, and how much it was."""
        self._require_open(line)
        header = self.header
        if (end.partition, end.next_offset) != (header.partition, header.end):
            raise ExportError(
                line,
                f"is the end of partition {end.partition} at {end.next_offset}: expected that of partition "
                f"{header.partition} at {header.end}",
            )
        if self.at != header.end:
            raise ExportError(
                line,
                f"is the end of partition {header.partition}, whose offsets from {self.at} to {header.end} are missing",
            )
        if end.records != self.records:
            raise ExportError(line, f"says that there were {end.records} records, and there are {self.records}")
        self.ended = True

    def _require_turn(self, line: int, words: str, partition: int, start: int, end: int) -> None:
        self._require_open(line)
        if (partition, start) == (self.header.partition, self.at) and end <= self.header.end:
            self.at = end
            return
        wanted = f"expected partition {self.header.partition} to go on from {self.at} to {self.header.end}"
        missing = ""
        if partition == self.header.partition and self.at < start < self.header.end:
            missing = f". The offsets from {self.at} to {start} are missing"
        raise ExportError(line, f"is {words}: {wanted}{missing}")

    def _require_open(self, line: int) -> None:
        if self.ended:
            raise ExportError(line, f"stands behind the end of partition {self.header.partition}")
