"""The live feed of one process: what was projected last, read once for all who listen.

Listeners pull: each holds its own vector and takes the chunk that begins there. One that is behind the chunks that are
kept, because it resumes or is slow, reads chunks of its own. So nothing is buffered for anybody, and a thousand idle
listeners cost one look at the database when something is projected.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final

from timeline_service.adapters.postgres_bell import PostgresBell
from timeline_service.adapters.postgres_live import PostgresLive
from timeline_service.adapters.postgres_reader import PostgresReader
from timeline_service.domain.vectors import Vector
from timeline_service.errors import UnavailableError
from timeline_service.live.chunks import Chunk, mark

_KEPT_ROWS: Final = 5_000
_LOOK_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 0.5
#: What a client waits before it comes again, in milliseconds.
_RETRY: Final = b"retry: 1000\n\n"


class LiveFeed:
    """Follows the projection for as long as anybody listens."""

    def __init__(self, reader: PostgresReader, records: PostgresLive, bell: PostgresBell) -> None:
        self._reader = reader
        self._records = records
        self._bell = bell
        self._chunks: dict[Vector, Chunk] = {}
        self._order: deque[Chunk] = deque()
        self._head: Vector | None = None
        self._listeners = 0
        self._wanted = asyncio.Event()
        self._moved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closed = False

    async def run(self) -> None:
        """Follow the projection while somebody listens, over whatever connection there is."""
        while True:
            await self._wanted.wait()
            try:
                await self._follow()
                self._move()
            except UnavailableError:
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await self._bell.wait(_LOOK_SECONDS)

    async def _follow(self) -> None:
        """Read up to where the projection is, for as long as anybody listens."""
        moment = await self._reader.moment()
        if self._head is None or len(self._head) != len(moment.vector):
            self._head = moment.vector
        head: Vector | None = self._head
        while head is not None and any(goal > at for goal, at in zip(moment.vector, head, strict=True)):
            chunk = await self._records.chunk(moment.generation, head, moment.vector)
            if self._head == head:
                self._keep(chunk)
            head = self._head  # None where the last listener has gone meanwhile

    def close(self) -> None:
        """End all streams: the process stops."""
        self._closed = True
        self._move()

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return self._listeners

    async def listen(self, topic: str, start: Vector, heartbeat: float) -> AsyncGenerator[bytes, None]:
        """What a listener is sent from a vector on, for ever; a sign of life at least every `heartbeat` seconds.

        Raises UnavailableError when the database goes away meanwhile: whoever listens resumes from the last id.
        """
        with self._counted():
            at, loop = start, asyncio.get_running_loop()
            yield _RETRY + mark(at)
            if self._head is None:  # the first one here: the next ring may be far
                moment = await self._reader.moment()
                self._head = self._head or moment.vector
            spoken = loop.time()
            while not self._closed:
                if self._head is not None:  # before the first projector, nothing is known of partitions
                    at = (*at, *[0] * (len(self._head) - len(at)))
                chunk = await self._next(at, spoken + heartbeat - loop.time())
                frames = chunk.frames(topic) if chunk is not None else []
                at = chunk.end if chunk is not None else at
                if frames:
                    yield b"".join(frames)
                elif loop.time() - spoken < heartbeat:
                    continue
                else:
                    yield mark(at)
                spoken = loop.time()

    async def _next(self, at: Vector, seconds: float) -> Chunk | None:
        """The chunk that begins at a vector, or None if there is none within so many seconds."""
        head = self._head
        if head is not None and len(head) == len(at) and head != at:
            if (kept := self._chunks.get(at)) is not None:
                return kept
            if all(reached >= mine for reached, mine in zip(head, at, strict=True)):
                moment = await self._reader.moment()
                return await self._records.chunk(moment.generation, at, head)
        await asyncio.wait([self._moved], timeout=max(0.0, seconds))
        return None

    def _keep(self, chunk: Chunk) -> None:
        self._head = chunk.end
        self._chunks[chunk.start] = chunk
        self._order.append(chunk)
        while len(self._order) > 1 and sum(kept.size for kept in self._order) > _KEPT_ROWS:
            del self._chunks[self._order.popleft().start]

    def _move(self) -> None:
        moved, self._moved = self._moved, asyncio.get_running_loop().create_future()
        moved.set_result(None)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._listeners += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._listeners -= 1
            if self._listeners == 0:
                self._wanted.clear()
                self._head = None
                self._chunks.clear()
                self._order.clear()
