"""The circuit breaker: stops a partition of which nearly everything would park. That is our bug, and no bad data."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

#: So many records of a partition are looked at, the last ones.
WINDOW: Final = 200
_FEWEST: Final = 50
_SHARE: Final = 0.9


def nearly_all(failing: int, records: int) -> bool:
    """Whether records that could not be judged are too many of all: nearly all of them, and not few."""
    return max(failing, records) >= _FEWEST and failing > _SHARE * records


class Breaker:
    """Remembers of each partition which of its last records could not be judged; `before` are those there were."""

    def __init__(self, before: Mapping[int, Sequence[bool]]) -> None:
        self._failing = {partition: deque(failing, maxlen=WINDOW) for partition, failing in before.items()}

    def trips(self, partition: int, failing: Sequence[bool]) -> bool:
        """Whether a partition is to stop before these records, of which `failing` could not be judged."""
        seen = [*self._failing.get(partition, ()), *failing][-max(WINDOW, len(failing)) :]
        return nearly_all(sum(seen), len(seen))

    def note(self, partition: int, failing: Sequence[bool]) -> None:
        """Remember records that were projected."""
        self._failing.setdefault(partition, deque(maxlen=WINDOW)).extend(failing)
