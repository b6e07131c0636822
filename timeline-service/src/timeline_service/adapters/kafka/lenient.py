"""Reading records whose header names are not UTF-8: brokers take them, aiokafka (0.14) cannot read past them.

A fetch that meets one raises UnicodeDecodeError, whatever else it holds. From then on the process reads batches with
aiokafka's parser in Python, several times slower, and writes the bytes of such names as `\\xff`.
"""

from collections.abc import Iterator
from typing import Any, SupportsIndex

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


def read_leniently() -> None:
    """Let the consumers that this process starts from now on read such records."""
    fetcher.MemoryRecords = LenientRecords


class LenientRecords:
    """The batches of one fetch; otherwise as aiokafka's own."""

    def __init__(self, fetched: bytes) -> None:
        self._records = _MemoryRecordsPy(fetched)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> Any:
        """The next batch, None after the last."""
        raw = self._records._next_slice
        batch = self._records.next_batch()
        return _LenientBatch(raw) if isinstance(batch, DefaultRecordBatch) else batch


class _LenientBatch:
    def __init__(self, raw: memoryview) -> None:
        self._batch = _DefaultRecordBatchPy(raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        self._batch._maybe_uncompress()
        self._batch._buffer = _LenientBytes(self._batch._buffer)
        return iter(self._batch)


class _LenientBytes(bytearray):
    """Bytes whose parts can always be decoded."""

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        part = super().__getitem__(key)
        return _LenientBytes(part) if isinstance(part, bytearray) else part

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        """The bytes as text, with `\\xff` for what is not UTF-8."""
        return super().decode(encoding, errors)
