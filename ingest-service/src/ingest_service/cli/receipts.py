"""Receipts that wait for what became of their records: body by body, in memory, and on disk where they are many."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import Final

import orjson

from event_schemas.positions import format_positions
from ingest_service.cli.parts import Receipt
from ingest_service.importing.files import FileError

_HELD_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Span:
    """The records of one body or of several: by partition, the first and the last offset; where its receipts lie."""

    records: int
    first: dict[int, int]
    last: dict[int, int]
    start: int = 0
    size: int = 0

    @classmethod
    def of(cls, offsets: Iterable[tuple[int, int]], records: int, start: int = 0, size: int = 0) -> "Span":
        """What the offsets of some partitions, each with its partition, lie within."""
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for partition, offset in offsets:
            first[partition] = min(offset, first.get(partition, offset))
            last[partition] = max(offset, last.get(partition, offset))
        return cls(records, first, last, start, size)

    @property
    def since(self) -> str:
        """The positions before the first ones; none in a partition that begins with its own."""
        return format_positions({partition: offset - 1 for partition, offset in self.first.items() if offset})

    @property
    def until(self) -> str:
        """The last positions."""
        return format_positions(self.last)


class Receipts:
    """A queue of them. What it takes on disk is as much as was sent and is not judged yet."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_HELD_BYTES)  # noqa: SIM115 - `close` closes it
        self._spans: deque[Span] = deque()
        self._end = 0

    def __len__(self) -> int:
        return len(self._spans)

    def add(self, receipts: Sequence[Receipt]) -> None:
        """Keep the receipts of a body, of which there are some; raises FileError where the disk has no room."""
        content = orjson.dumps([tuple(receipt) for receipt in receipts])
        try:
            self._file.seek(self._end)
            self._file.write(content)
        except OSError as error:
            raise FileError(f"there is no room in the folder for temporary files (TMPDIR): {error.strerror}") from error
        offsets = ((receipt.partition, receipt.offset) for receipt in receipts)
        self._spans.append(Span.of(offsets, len(receipts), self._end, len(content)))
        self._end += len(content)

    @property
    def first(self) -> Span:
        """The span that has waited longest."""
        return self._spans[0]

    def all(self) -> Span:
        """All that waits, as one."""
        offsets = chain.from_iterable(chain(span.first.items(), span.last.items()) for span in self._spans)
        return Span.of(offsets, sum(span.records for span in self._spans))

    def read(self, span: Span) -> list[Receipt]:
        """The receipts of a span."""
        self._file.seek(span.start)
        return [Receipt(*fields) for fields in orjson.loads(self._file.read(span.size))]

    def drop_first(self) -> None:
        """Forget the span that has waited longest."""
        self._spans.popleft()
        if not self._spans:
            self._file.seek(0)
            self._file.truncate()
            self._end = 0

    def close(self) -> None:
        """Forget all."""
        self._file.close()
