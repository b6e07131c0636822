"""So many a minute, for each of many: what was not used within a minute is not saved up."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

#: The least recently seen beyond so many are forgotten, and begin anew.
_MOST_KEYS: Final = 10_000
_MINUTE: Final = 60.0


class Rate:
    """Buckets of `per_minute`, one for each key, which fill again as time goes on."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._each_second = per_minute / _MINUTE
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, count: int = 1) -> float:
        """Take so many, and return 0; or take none, and return the seconds after which there are enough.

        More than a whole minute's are taken from a full bucket, whose debt the key then waits off.
        """
        if seconds := self.wait(key, count):
            return seconds
        left, now = self._left(key)
        self._buckets[key] = (left - count, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return 0.0

    def take_some(self, key: Hashable, count: int) -> int:
        """Take as many as there are, at most so many, and return how many that was."""
        taken = max(0, min(count, int(self._left(key)[0])))
        self.take(key, taken)
        return taken

    def wait(self, key: Hashable, count: int = 1) -> float:
        """The seconds after which there are so many, or a full bucket; 0 for now."""
        return max(0.0, (min(count, self.per_minute) - self._left(key)[0]) / self._each_second)

    def _left(self, key: Hashable) -> tuple[float, float]:
        now = self._clock()
        left, at = self._buckets.get(key, (float(self.per_minute), now))
        return min(float(self.per_minute), left + (now - at) * self._each_second), now
