"""A snapshot of the live projection, to be held against what the log says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from event_schemas.positions import format_position
from timeline_service.domain.comparisons import Difference, TableDigest
from timeline_service.domain.vectors import OffsetVector


@dataclass(frozen=True, slots=True)
class OrphanRow:
    """A row that no record of the log can have made."""

    table: str
    key: str
    partition: int
    from_offset: int
    until_offset: int | None


@dataclass(frozen=True, slots=True)
class OrphanRows:
    """Those that are listed, and how many there are of each table."""

    listed: Sequence[OrphanRow]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A projection at a vector: that of the log and that of its documents, and the digests of its tables there.

    The vectors are the checkpoints', or go as far as the rows do where those were set back. `held` is what the
    checkpoints of the documents say; `foreign` are checkpoints that name another cluster.
    """

    vector: OffsetVector
    documents: OffsetVector
    held: OffsetVector
    redriven: int
    digests: Mapping[str, TableDigest]
    orphan_rows: OrphanRows
    foreign: Sequence[Difference]
    parked_elsewhere: int

    def orphans(self) -> Iterator[Difference]:
        """Rows beyond the log, and checkpoints of documents beyond those of what they are made from."""
        for orphan in self.orphan_rows.listed:
            position = format_position(orphan.partition, orphan.from_offset)
            if orphan.table == "search_checkpoints":
                most = self.vector[orphan.partition] if orphan.partition < len(self.vector) else None
                yield Difference(orphan.table, orphan.key, "next_offset", orphan.from_offset, most, None)
            else:
                offsets = {"from_offset": orphan.from_offset, "until_offset": orphan.until_offset}
                yield Difference(orphan.table, orphan.key, None, offsets, None, position)

    def set_back(self) -> Iterator[Difference]:
        """Checkpoints of documents that documents lie beyond."""
        for partition, (held, reached_by_rows) in enumerate(zip(self.held, self.documents, strict=True)):
            if held < reached_by_rows:
                key, position = f"partition={partition}", format_position(partition, reached_by_rows - 1)
                yield Difference("search_checkpoints", key, "next_offset", held, reached_by_rows, position)


@dataclass(frozen=True, slots=True)
class RowDiff:
    """What the rows of differing buckets are: the differences that are listed, and how many rows differ."""

    listed: Sequence[Difference]
    rows: int
