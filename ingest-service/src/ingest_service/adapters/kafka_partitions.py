"""What a session keeps of each partition: whose turn it is there, and what is late."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Turn:
    """Who hands over a partition's next batch, so that they stay in the order in which they came.

    Of bulks one at a time asks for it, so that others have no more than one of their batches before them.
    """

    bulk: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: asyncio.Lock = field(default_factory=asyncio.Lock)


class Late:
    """What a partition did not acknowledge in time."""

    def __init__(self) -> None:
        self.settled = asyncio.Event()
        self.since = asyncio.get_running_loop().time()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._failed = False

    def watch(self, futures: Iterable["asyncio.Future[Any]"], settle: Callable[[bool], None]) -> None:
        """Say when all of them are known: whether any has failed."""

        def note(future: "asyncio.Future[Any]") -> None:
            self._waiting.discard(future)
            self._failed |= future.cancelled() or future.exception() is not None
            if not self._waiting and not self.settled.is_set():
                self.settled.set()
                settle(self._failed)

        for future in futures:
            if future not in self._waiting:
                self._waiting.add(future)
                future.add_done_callback(note)
