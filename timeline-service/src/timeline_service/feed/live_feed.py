"""One follower for all listeners: it reads each batch once, and they take their part of it, each at its own pace."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Final

import structlog

from service_edge.event_streams import retry, sign_of_life
from timeline_service.adapters.postgres.feed import Bounds, PostgresLive
from timeline_service.adapters.postgres.notifications import PostgresNotificationListener
from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.domain.feed import BehindError, Chunk, Notice, Ring, Subscription, live_id, live_vector
from timeline_service.domain.vectors import OffsetVector, ReadPoint
from timeline_service.errors import UnavailableError
from timeline_service.feed.followed_records import FollowedRecords
from timeline_service.feed.notices import write_notice

_LOG: Final = structlog.get_logger()
#: What the follower reads in one go, what it keeps, and what a listener that is behind reads for itself.
_CHUNK: Final = Bounds(records=1_000, bytes=2**21)
_RING: Final = Bounds(records=20_000, bytes=2**24)
_OWN: Final = Bounds(records=250, bytes=2**18)
_PIECE_BYTES: Final = 16 * 1024
_READERS_AT_ONCE: Final = 2
_LOOK_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.5
_RETRY_MILLISECONDS: Final = 1_000


class LiveFeed:
    """Nothing is kept for a listener but the vector that it has got to.

    It finds what is newer in the ring, which all share; where it is behind that, it reads on from the database. What
    is away is waited for: a stream goes on where it was, and skips nothing.
    """

    def __init__(
        self,
        reader: PostgresReader,
        live: PostgresLive,
        notifications: PostgresNotificationListener,
        followed: FollowedRecords,
    ) -> None:
        self._reader, self._live, self._notifications = reader, live, notifications
        self._followed = followed
        self._ring: Ring | None = None
        self._generation = 0
        self._listeners = 0
        self._closed = False
        self._wanted = asyncio.Event()
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.Semaphore(_READERS_AT_ONCE)

    async def run(self) -> None:
        """Follow the projection for as long as the process runs, while anybody listens."""
        while True:
            await self._wanted.wait()
            ring = self._notifications.next_ring()
            try:
                if not await self._follow():
                    await asyncio.wait([ring], timeout=_LOOK_SECONDS)
            except UnavailableError as error:
                _LOG.debug("not following", reason=str(error))
                await asyncio.sleep(_PAUSE_SECONDS)
            except Exception:  # a bug: listeners meet it where they are, none of them skips what it is about
                _LOG.exception("cannot follow")
                self._ring = None
                await asyncio.sleep(_PAUSE_SECONDS)

    def close(self) -> None:
        """End all streams, between two events: the process stops."""
        self._closed = True
        self._tell()

    @property
    def listeners(self) -> int:
        """Listeners that are connected now."""
        return self._listeners

    async def place(self, point: ReadPoint) -> OffsetVector:
        """Where a listener stands that has seen a generation at the read point, and may not know of redrives."""
        return await self._live.place(point)

    async def listen(
        self, subscription: Subscription, generation: int, vector: OffsetVector, heartbeat: float
    ) -> AsyncGenerator[bytes, None]:
        """A subscription's stream from a `live_vector` on, in pieces, with a sign of life every `heartbeat` seconds.

        Whoever takes the pieces closes it.
        """
        self._listeners += 1
        self._wanted.set()
        try:
            yield retry(_RETRY_MILLISECONDS) + sign_of_life(live_id(vector, len(vector) // 2, generation))
            due = time.monotonic() + heartbeat
            while not self._closed:
                news = self._news  # before the look, so that none is missed
                if time.monotonic() >= due:
                    yield sign_of_life(live_id(vector, len(vector) // 2, generation))
                    due = time.monotonic() + heartbeat
                if self._ring is not None and generation != self._generation:
                    generation, vector = await self._cross(vector)
                    continue
                chunk = await self._following(vector)
                if chunk is None:
                    await asyncio.wait([news], timeout=max(0.0, due - time.monotonic()))
                    continue
                notices = chunk.notices(subscription)
                self._followed.pushed(notices)
                for piece in _pieces(notices):
                    yield piece
                    due = time.monotonic() + heartbeat
                vector = chunk.end
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._wanted.clear()
                self._ring = None

    async def _follow(self) -> bool:
        """Take one step; whether there was anything."""
        point = await self._reader.read_point()
        if not self._listeners:  # the last one has gone meanwhile: whoever comes next starts where the log is then
            return False
        ring = self._ring
        if ring is None or point.generation != self._generation:
            self._generation = point.generation
            self._ring = Ring(live_vector(point), _RING.records, _RING.bytes)
            self._tell()
            return True
        chunk = await self._live.read(point, ring.end, _CHUNK)
        if chunk.end == ring.end:
            return False
        ring.append(chunk)
        self._tell()
        return True

    async def _cross(self, vector: OffsetVector) -> tuple[int, OffsetVector]:
        """The generation that is followed now, and where in it a listener of another one stands."""
        generation = self._generation
        while True:
            try:
                return generation, await self._live.place(ReadPoint(generation, vector[: len(vector) // 2]))
            except UnavailableError as error:
                _LOG.debug("not crossing", reason=str(error))
                await asyncio.sleep(_PAUSE_SECONDS)
                generation = self._generation

    async def _following(self, vector: OffsetVector) -> Chunk | None:
        if self._ring is None:
            return None
        try:
            return self._ring.following(vector)
        except BehindError:
            try:
                async with self._reading:
                    point = await self._reader.read_point()
                    if point.generation != self._generation:
                        return None  # the follower will say so
                    chunk = await self._live.read(point, vector, _OWN)
                return chunk if chunk.end != vector else None
            except UnavailableError as error:
                _LOG.debug("not reading", reason=str(error))
                await asyncio.sleep(_PAUSE_SECONDS)
                return Chunk(vector, vector)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.get_running_loop().create_future()
        news.set_result(None)


def _pieces(notices: Sequence[Notice]) -> Iterator[bytes]:
    """Blocks joined up to a size: small ones go together, none is held back."""
    held: list[bytes] = []
    size = 0
    for notice in notices:
        text = write_notice(notice)
        if held and size + len(text) > _PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
        held.append(text)
        size += len(text)
    if held:
        yield b"".join(held)
