"""Buckets of a rate that several processes share: those that are forked from the one that made them."""

import fcntl
import mmap
import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from struct import Struct
from typing import Final

from service_edge.access.rates import Buckets, OwnBuckets

_BUCKET: Final = Struct("16s2d")  # whose it is, what is left, and when that was
#: A key has its bucket in one of so many rows; where a row is full the least recently seen in it is forgotten.
_ROWS: Final = 4096
_IN_ROW: Final = 4


class SharedBuckets:
    """Buckets in memory that outlives a fork. The clock is the system's, which all processes have in common.

    A process that is killed lets go of what it holds: the lock is the kernel's.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _ROWS * _IN_ROW * _BUCKET.size)
        self._lock = os.memfd_create("dyadline-rates")  # of which nothing but its locks is used

    def __del__(self) -> None:
        os.close(self._lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait until no other process looks or changes anything."""
        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def find(self, key: Hashable) -> tuple[float, float] | None:
        """As Buckets have it."""
        mark, places = _places(key)
        for place in places:
            whose, left, at = _BUCKET.unpack_from(self._memory, place)
            if whose == mark:
                return left, at
        return None

    def keep(self, key: Hashable, left: float, at: float) -> None:
        """As Buckets have it."""
        mark, places = _places(key)
        held = {place: _BUCKET.unpack_from(self._memory, place) for place in places}
        own = next((place for place in places if held[place][0] == mark), None)
        place = own if own is not None else min(places, key=lambda each: held[each][2])  # an empty one is from 0
        _BUCKET.pack_into(self._memory, place, mark, left, at)


def buckets_for(processes: int) -> Buckets:
    """Buckets for what so many processes count together."""
    return SharedBuckets() if processes > 1 else OwnBuckets()


def _places(key: Hashable) -> tuple[bytes, list[int]]:
    """A key's mark, and where its bucket may be."""
    mark = blake2b(repr(key).encode(), digest_size=16).digest()
    row = int.from_bytes(mark[:4]) % _ROWS
    return mark, [(row * _IN_ROW + number) * _BUCKET.size for number in range(_IN_ROW)]
