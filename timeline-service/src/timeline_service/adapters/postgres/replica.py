"""A streaming replica, looked at again and again: whether it can be read, and how far it is."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

import asyncpg
import structlog

from timeline_service.adapters.postgres.replica_connections import (
    Identity,
    ReplicaConnections,
    UnfitError,
    Use,
    kept,
    require_following,
)
from timeline_service.domain.vectors import CopyReach, ReadPoint
from timeline_service.errors import UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection

Found = TypeVar("Found")
_LOG: Final = structlog.get_logger()
_ANSWER_SECONDS: Final = 2.0
#: Between two looks: while nobody waits for it, at least, and after one that it did not get through in time.
_IDLE_SECONDS: Final = 1.0
_LEAST_SECONDS: Final = 0.005
_LATE_SECONDS: Final = 5.0
_MOST_GENERATIONS: Final = 8


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """Why a replica is not read, if so, and how far its copy of a generation was when it was looked at last.

    `replayed_seconds`: how long ago that was committed which had come to it last.
    """

    name: str
    why_not: str | None
    reach: CopyReach | None
    replayed_seconds: float | None


class Replica:
    """One replica, by its address. What the last look saw is a hint; who reads asks on the connection that answers."""

    def __init__(self, url: str, most: int, identify: Callable[[], Identity | None]) -> None:
        """Connections are as ReplicaConnections has them."""
        address = urlsplit(url)
        self.name: Final = f"{address.hostname}:{address.port or 5432}{address.path}"
        self._connections = ReplicaConnections(url, most, identify)
        self._why_not: str | None = "it has not been looked at yet"
        self._reaches: dict[int, CopyReach | None] = {}
        self._replayed_seconds: float | None = None
        self._late_until = 0.0
        self._missed: tuple[ReadPoint, bool] | None = None
        self._hurried = asyncio.Event()
        self._looked: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def state(self, generation: int) -> ReplicaState:
        """What the last look saw. From now on looks are at that generation, too."""
        return ReplicaState(self.name, self._why_not, self._reach(generation), self._replayed_seconds)

    @property
    def is_used(self) -> bool:
        """Whether it is read, as far as it is."""
        return self._why_not is None

    @property
    def is_late(self) -> bool:
        """Whether it was waited for in vain just now, and has not got there yet: nobody else waits for it so soon."""
        return time.monotonic() < self._late_until

    def seems_to_hold(self, point: ReadPoint, *, documents: bool) -> bool:
        """Whether it held a read point at the last look. From now on looks are at that generation, too."""
        reach = self._reach(point.generation)
        return reach is not None and reach.holds(point, documents=documents)

    def next_look(self) -> "asyncio.Future[None]":
        """Done at the next look, which is soon."""
        self._hurried.set()
        return self._looked

    def missed(self, point: ReadPoint, *, documents: bool) -> None:
        """It did not get to a read point in time."""
        self._missed = point, documents
        self._late_until = time.monotonic() + _LATE_SECONDS

    def let_go(self) -> None:
        """Cut its connections: the next ones find out anew whose copy it is."""
        self._connections.let_go()

    async def run(self) -> None:
        """Look at it for as long as the process runs. Its connections are cut where it does not answer."""
        try:
            while True:
                self._hurried.clear()
                try:
                    await self._look()
                    self._became(None)
                except UnfitError as error:
                    self._connections.let_go()
                    self._became(str(error), error.detail)
                looked, self._looked = self._looked, asyncio.get_running_loop().create_future()
                looked.set_result(None)
                if not self.is_used:
                    await asyncio.sleep(_IDLE_SECONDS)
                    continue
                await asyncio.sleep(_LEAST_SECONDS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_SECONDS):
                        await self._hurried.wait()
        finally:
            self._connections.let_go()

    async def read(
        self,
        point: ReadPoint,
        work: "Callable[[Connection], Awaitable[Found]]",
        *,
        use: Use,
        documents: bool,
    ) -> Found:
        """What `work` reads of a server that holds the read point.

        Raises UnfitError where that does not, goes away, or becomes a primary meanwhile, and UnavailableError where a
        statement takes too long, as it would elsewhere.
        """
        overdue = False
        try:
            async with self._connections.connected(use) as connection:
                held = kept(connection).get(point.generation)
                if held is None or not held.holds(point, documents=documents):
                    held = await self._connections.reach(connection, point.generation)
                    if held is None or not held.holds(point, documents=documents):
                        raise UnfitError("it has not got there yet")
                try:
                    found = await work(connection)
                except TimeoutError:
                    overdue = True
                    raise
                require_following(connection)
                return found
        except (UnavailableError, asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
            if overdue:
                raise
            self._hurried.set()
            raise UnfitError(str(error)) from error

    async def _look(self) -> None:
        await self._connections.open()
        asking = asyncio.create_task(self._ask())
        try:
            await asyncio.wait({asking}, timeout=_ANSWER_SECONDS)
            if not asking.done():
                raise UnfitError(f"it has not answered for {_ANSWER_SECONDS:g} s")
            asking.result()
        except (UnavailableError, asyncpg.PostgresError, ValueError) as error:  # the last for an address that cannot be
            raise UnfitError("it is out of reach, as the log of this service tells", str(error)) from error
        finally:
            if not asking.done():
                self._connections.let_go()  # first: who is cancelled would wait for an answer to that
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
        if self._missed is not None and self.seems_to_hold(self._missed[0], documents=self._missed[1]):
            self._missed, self._late_until = None, 0.0

    async def _ask(self) -> None:
        async with self._connections.connected(Use.LOOKS) as connection:
            for generation in list(self._reaches):
                self._reaches[generation] = await self._connections.reach(connection, generation)
            self._replayed_seconds = await self._connections.replayed_seconds(connection)
            require_following(connection)

    def _reach(self, generation: int) -> CopyReach | None:
        if generation not in self._reaches:
            if len(self._reaches) >= _MOST_GENERATIONS:
                del self._reaches[next(iter(self._reaches))]
            self._reaches[generation] = None
        return self._reaches[generation]

    def _became(self, why_not: str | None, detail: str = "") -> None:
        if why_not != self._why_not:
            if why_not is None:
                _LOG.info("reading from a replica", replica=self.name)
            else:
                _LOG.warning("not reading from a replica", replica=self.name, reason=detail or why_not)
        self._why_not = why_not
