"""The circuit breaker: stops a partition of which nearly everything would park. That is our bug, and no bad data."""

from collections import deque
from collections.abc import Sequence
from typing import Final

_WINDOW: Final = 200
_FEWEST: Final = 50
_SHARE: Final = 0.9


class Breaker:
    """Remembers of each partition which of its last records could not be judged."""

    def __init__(self) -> None:
        self._failing: dict[int, deque[bool]] = {}

    def trips(self, partition: int, failing: Sequence[bool]) -> bool:
        """Whether a partition is to stop before these records, of which `failing` could not be judged."""
        seen = [*self._failing.get(partition, ()), *failing][-max(_WINDOW, len(failing)) :]
        return len(seen) >= _FEWEST and sum(seen) > _SHARE * len(seen)

    def note(self, partition: int, failing: Sequence[bool]) -> None:
        """Remember records that were projected."""
        self._failing.setdefault(partition, deque(maxlen=_WINDOW)).extend(failing)
