"""Records laid aside by event, so that an event's records are folded together, however long the log is.

This is the partitioning of a hybrid hash join: a short log stays in memory, of a long one that holds one bucket, and
the others lie on disk.
"""

import marshal
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from types import TracebackType
from typing import IO, Final, NamedTuple, Self

from timeline_service.judge.decoding import RawRecord

_BUCKET_BYTES: Final = 8 * 1024 * 1024
_BUCKET_RECORDS: Final = 2_000
_MAX_BUCKETS: Final = 400
_HELD_BYTES: Final = 32 * 1024 * 1024
_OVERHEAD: Final = 200


class Spilled(NamedTuple):
    """A record, and the time in milliseconds at which it counts as recorded."""

    raw: RawRecord
    recorded: int


class Spill:
    """Buckets: all records of an event are in the same one, in the order of the log, and what is too much in a file."""

    def __init__(self, folder: str | None, records: int) -> None:
        """`folder` holds the files, by default the system's for temporary ones; at most so many records will come."""
        self._folder = folder
        self._records = records
        self._files: list[IO[bytes]] = []
        self._held: list[list[Spilled]] = []
        self._sizes: list[int] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add(self, records: Sequence[Spilled]) -> None:
        """Lay records aside; those of an event come in the order of the log."""
        if not self._files and records:
            self._begin(sum(len(record.raw.value or b"") + _OVERHEAD for record in records) // len(records))
        held, sizes, count = self._held, self._sizes, len(self._files)
        for record in records:
            number = zlib.crc32(record.raw.key or b"") % count
            held[number].append(record)
            sizes[number] += len(record.raw.value or b"") + _OVERHEAD
            if sizes[number] * count > _HELD_BYTES:
                marshal.dump([(*raw, recorded) for raw, recorded in held[number]], self._files[number])
                held[number], sizes[number] = [], 0

    def buckets(self) -> Iterator[list[list[Spilled]]]:
        """Bucket by bucket the records of its events, event by event. Those without a key stand alone. Read once."""
        for number, file in enumerate(self._files):
            by_key = defaultdict[bytes | None, list[Spilled]](list)
            for record in chain(_read(file), self._held[number]):
                by_key[record.raw.key].append(record)
            self._held[number] = []
            file.truncate(0)
            alone = by_key.pop(None, [])
            yield [*by_key.values(), *([record] for record in alone)]

    def _begin(self, bytes_each: int) -> None:
        """Make as many files as the first records let expect to be of a good size."""
        wanted = max(self._records * bytes_each // _BUCKET_BYTES, self._records // _BUCKET_RECORDS) + 1
        count = min(wanted, _MAX_BUCKETS)
        self._files = [self._open.enter_context(self._file()) for _ in range(count)]
        self._held, self._sizes = [[] for _ in range(count)], [0] * count

    def _file(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._folder)


def _read(file: IO[bytes]) -> Iterator[Spilled]:
    end = file.tell()
    file.seek(0)
    while file.tell() < end:  # a file that is shorter than it was is no end: marshal raises EOFError
        for *raw, recorded in marshal.load(file):
            yield Spilled(RawRecord(*raw), recorded)
