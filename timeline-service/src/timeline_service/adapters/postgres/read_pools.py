"""Where questions are put: to a replica that holds the read point, or else to the primary."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar

import asyncpg
import structlog
from prometheus_client import Counter

from timeline_service.adapters.postgres.database import connected
from timeline_service.adapters.postgres.replica import Replica, ReplicaState
from timeline_service.adapters.postgres.replica_connections import Identity, UnfitError, Use, identity_of
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import DroppedError, UnavailableError

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, Pool

Found = TypeVar("Found")
_LOG: Final = structlog.get_logger()
_IDENTIFY_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.25
_READS: Final = Counter("dyadline_replica_reads", "Questions that a replica has answered.", ["replica"])
_LEFT: Final = Counter(
    "dyadline_replica_fallbacks", "Questions that the primary has answered because no replica did.", ["reason"]
)
_BEHIND, _UNUSED, _FAILED = (_LEFT.labels(reason) for reason in ("behind", "unused", "failed"))


class Replicas:
    """The replicas that may be read. A read waits so many seconds for one of them, then the primary answers it."""

    def __init__(self, primary: "Pool", urls: Sequence[str], *, most: int, wait_seconds: float) -> None:
        self._primary = primary
        self._identity: Identity | None = None
        self._replicas = [Replica(url, most, lambda: self._identity) for url in urls]
        self._wait_seconds = wait_seconds
        self._turn = 0

    async def states(self, generation: int) -> list[ReplicaState]:
        """What a look sees of each now, as they are named; what the last one saw, where none comes soon."""
        if looks := [replica.next_look() for replica in self._replicas if replica.is_used]:
            await asyncio.wait(looks, timeout=_LOOK_SECONDS)
        return [replica.state(generation) for replica in self._replicas]

    @property
    def are_read(self) -> bool:
        """Whether any of them is."""
        return any(replica.is_used for replica in self._replicas)

    @property
    def in_words(self) -> str:
        """How many of them are read; nothing where there are none."""
        used = sum(replica.is_used for replica in self._replicas)
        return f"{used} of {len(self._replicas)} are read" if self._replicas else ""

    async def run(self) -> None:
        """Look at all of them for as long as the process runs."""
        if self._replicas:
            known = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._identify(known))
                await known.wait()
                for replica in self._replicas:
                    group.create_task(replica.run())

    async def find(self, point: ReadPoint, *, documents: bool) -> Replica | None:
        """One that seems to hold a read point, each in its turn. It is waited for if need be; None if in vain."""
        if not self._replicas:
            return None
        self._turn = (self._turn + 1) % len(self._replicas)
        in_turn = self._replicas[self._turn :] + self._replicas[: self._turn]
        used = [replica for replica in in_turn if replica.is_used]
        if not used:
            _UNUSED.inc()
            return None
        deadline = time.monotonic() + self._wait_seconds
        while True:
            for replica in used:
                if replica.seems_to_hold(point, documents=documents):
                    return replica
            left = deadline - time.monotonic()
            awaited = [replica for replica in used if replica.is_used and not replica.is_late]
            if not awaited or left <= 0:
                for replica in awaited:
                    replica.missed(point, documents=documents)
                _BEHIND.inc()
                return None
            looks = [replica.next_look() for replica in awaited]
            await asyncio.wait(looks, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    async def _identify(self, known: asyncio.Event) -> None:
        """Know whose copies they have to be: another's, if the primary becomes another's."""
        while True:
            try:
                async with connected(self._primary) as connection:
                    found = await identity_of(connection)
                if self._identity not in (None, found):
                    for replica in self._replicas:
                        replica.let_go()
                self._identity = found
                known.set()
            except (UnavailableError, asyncpg.PostgresError) as error:
                _LOG.debug("whose copies replicas have to be is not known anew", reason=str(error))
            await asyncio.sleep(_IDENTIFY_SECONDS)


class ReadPool:
    """Reads of one kind of planning: `in_order`, or by value."""

    def __init__(self, primary: "Pool", replicas: Replicas, *, in_order: bool = False) -> None:
        self._primary, self._replicas = primary, replicas
        self._use = Use.IN_ORDER if in_order else Use.BY_VALUE

    @property
    def has_replicas(self) -> bool:
        """Whether there is a replica that is read at present."""
        return self._replicas.are_read

    def on_primary(self, generation: int) -> "AbstractAsyncContextManager[Connection]":
        """A connection of the primary, as `reading` has it: for what is to be known as it is now."""
        return reading(self._primary, generation)

    async def read(
        self, point: ReadPoint, work: "Callable[[Connection], Awaitable[Found]]", *, documents: bool = False
    ) -> Found:
        """What `work` reads on a connection that holds a read point; it may be begun anew on another one.

        `documents`: it reads what is searched. Raises DroppedError where the generation is gone, and UnavailableError.
        """
        replica = await self._replicas.find(point, documents=documents)
        if replica is not None:
            try:
                found = await replica.read(point, work, use=self._use, documents=documents)
            except UnfitError:
                _FAILED.inc()
            else:
                _READS.labels(replica.name).inc()
                return found
        async with reading(self._primary, point.generation) as connection:
            return await work(connection)


@asynccontextmanager
async def reading(pool: "Pool", generation: int) -> AsyncIterator["Connection"]:
    """A connection that reads a generation; raises DroppedError where that is gone, and as `connected` does."""
    try:
        async with connected(pool) as connection:
            yield connection
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise DroppedError(f"generation {generation} has just been dropped") from error
