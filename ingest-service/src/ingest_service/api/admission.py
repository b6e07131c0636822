"""How many bodies are taken in at once, so that memory stays bounded and posts of one event are answered meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from ingest_service.errors import OverloadedError, StalledError

#: Slices of bodies that are decoded and on their way to Kafka: few, so that none waits long for its acknowledgement.
_SLICES: Final = 4
#: For each body that is taken in so many may wait at the door, where they hold nothing but a connection.
_WAITING: Final = 8
#: What brings fewer bytes in a second is stalled.
_LEAST_RATE: Final = 1024
_LOOK_SECONDS: Final = 0.5


class Admission:
    """The door for bodies that are long, or may be.

    A body holds a place from its first byte to its last, but what is costly (its lines decoded, and on their way to
    Kafka) only a slice at a time, of which there are few in all.
    """

    def __init__(self, bodies: int, wait_seconds: float, stalled_seconds: float) -> None:
        self.slices = asyncio.Semaphore(_SLICES)
        self.decoding = asyncio.Lock()  # one at a time: they share one thread, and posts of one event share it with one
        self._places = asyncio.Semaphore(bodies)
        self._wait_seconds = wait_seconds
        self._stalled_seconds = stalled_seconds
        self._most_waiting = _WAITING * bodies
        self._waiting = 0
        self._closing = asyncio.Event()

    @property
    def others_wait(self) -> bool:
        """Whether somebody waits for a place."""
        return self._waiting > 0

    @property
    def is_closing(self) -> bool:
        """Whether the process is to stop."""
        return self._closing.is_set()

    def leave(self) -> None:
        """Have nobody be held back any longer: the process is to stop."""
        self._closing.set()

    async def sleep(self, seconds: float) -> None:
        """Let time go by, unless the process is to stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place, for which it may have to be waited; raises OverloadedError when that takes too long."""
        if self._waiting >= self._most_waiting:
            raise OverloadedError("too many long bodies wait to be taken in already: send it again later")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._places.acquire()
        except TimeoutError as error:
            raise OverloadedError(
                f"as many long bodies as we take are being taken in since {self._wait_seconds:g} s: send it again later"
            ) from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()

    async def parts(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The body of who holds a place, as it comes; raises StalledError if it hardly does while others wait."""
        now = asyncio.get_running_loop().time
        waited, brought = 0.0, 0  # the time that we spend on what came is not the sender's
        while True:
            receiving = asyncio.ensure_future(anext(stream, None))
            try:
                began, done = now(), False
                while not done:
                    done = bool((await asyncio.wait({receiving}, timeout=_LOOK_SECONDS))[0])
                    stalled = waited + now() - began
                    if stalled >= self._stalled_seconds:
                        if self._waiting and brought < _LEAST_RATE * stalled:
                            raise StalledError(f"the body brought {brought} bytes in {stalled:.0f} s while others wait")
                        waited, brought, began = 0.0, 0, now()
            finally:
                receiving.cancel()
            if (part := receiving.result()) is None:
                return
            waited += now() - began
            brought += len(part)
            yield part
