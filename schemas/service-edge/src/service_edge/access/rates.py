"""So many a minute, for each of many: what was not used within a minute is not saved up."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

#: The least recently seen beyond so many are forgotten, and begin anew.
_MOST_KEYS: Final = 10_000
_MINUTE: Final = 60.0


class Buckets(Protocol):
    """What is left of each key, and since when: what is not here is full."""

    def held(self) -> AbstractContextManager[object]:
        """Nobody else looks or changes anything meanwhile."""

    def find(self, key: Hashable) -> tuple[float, float] | None:
        """What was left of a key, and when that was."""

    def keep(self, key: Hashable, left: float, at: float) -> None:
        """Note what is left of a key."""


class OwnBuckets:
    """The buckets of one process."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def held(self) -> AbstractContextManager[object]:
        """There is nobody else."""
        return nullcontext()

    def find(self, key: Hashable) -> tuple[float, float] | None:
        """As Buckets have it."""
        return self._buckets.get(key)

    def keep(self, key: Hashable, left: float, at: float) -> None:
        """As Buckets have it."""
        self._buckets[key] = (left, at)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)


class Rate:
    """Buckets of `per_minute`, one for each key, which fill again as time goes on."""

    def __init__(
        self, per_minute: int, clock: Callable[[], float] = time.monotonic, buckets: Buckets | None = None
    ) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._each_second = per_minute / _MINUTE
        self._buckets = buckets if buckets is not None else OwnBuckets()

    def take(self, key: Hashable, count: int = 1) -> float:
        """Take so many, and return 0; or take none, and return the seconds after which there are enough.

        More than a whole minute's are taken from a full bucket, whose debt the key then waits off.
        """
        with self._buckets.held():
            left, now = self._left(key)
            if seconds := self._seconds(left, count):
                return seconds
            self._buckets.keep(key, left - count, now)
            return 0.0

    def take_some(self, key: Hashable, count: int) -> int:
        """Take as many as there are, at most so many, and return how many that was."""
        with self._buckets.held():
            left, now = self._left(key)
            taken = max(0, min(count, int(left)))
            if taken:
                self._buckets.keep(key, left - taken, now)
            return taken

    def wait(self, key: Hashable, count: int = 1) -> float:
        """The seconds after which there are so many, or a full bucket; 0 for now."""
        with self._buckets.held():
            return self._seconds(self._left(key)[0], count)

    def _seconds(self, left: float, count: int) -> float:
        return max(0.0, (min(count, self.per_minute) - left) / self._each_second)

    def _left(self, key: Hashable) -> tuple[float, float]:
        now = self._clock()
        left, at = self._buckets.find(key) or (float(self.per_minute), now)
        return min(float(self.per_minute), left + (now - at) * self._each_second), now
