"""A TCP proxy that a fault takes hold of: it cuts, refuses, delays, throttles, half-closes, stalls and swallows."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

Direction = Literal["up", "down"]
BOTH: Final[frozenset[Direction]] = frozenset({"up", "down"})
_CHUNK: Final = 65_536
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # to close is to reset


@dataclass(slots=True, eq=False)
class Link:
    """One connection through the proxy: `up` flows from the client to the server, `down` back."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    open: set[Direction] = field(default_factory=lambda: set(BOTH))

    def abort(self) -> None:
        """Cut it: both ends see a reset."""
        for writer in self._writers():
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()

    def close(self) -> None:
        """End it in order, once what was written has gone out."""
        for writer in self._writers():
            writer.close()

    def _writers(self) -> Iterator[asyncio.StreamWriter]:
        return (writer for writer in (self.client, self.server) if writer is not None)


class Proxy:
    """Listens on a port and passes on to `target`, as the weather has it; a calm proxy changes nothing."""

    def __init__(self, port: int, target: tuple[str, int]) -> None:
        self.port = port
        self.target = target
        self.delay = 0.0  # seconds that every byte is late, either way
        self.rate: float | None = None  # bytes a second that one direction of a link lets through
        self._stalled: frozenset[Direction] = frozenset()
        self._calm = asyncio.Event()
        self._calm.set()
        self._server: asyncio.Server | None = None
        self._links: dict[Link, asyncio.Task[None]] = {}

    @property
    def links(self) -> int:
        """How many connections there are."""
        return len(self._links)

    async def listen(self) -> None:
        """Take connections (again)."""
        if self._server is None:
            # It is ours before it listens: a server that is cancelled while it starts would go on listening.
            self._server = await asyncio.start_server(
                self._take, "127.0.0.1", self.port, backlog=1024, start_serving=False
            )
            await self._server.start_serving()

    def refuse(self) -> None:
        """Take no new connections: whoever comes is refused. Those that there are go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self) -> None:
        """Reset every connection that there is."""
        for link in list(self._links):
            link.abort()

    def half_close(self) -> None:
        """Tell every client that the server has ended its side, while what the client sends still arrives."""
        for link in list(self._links):
            link.open.discard("down")
            with suppress(OSError, RuntimeError):
                link.client.write_eof()

    def stall(self, *directions: Direction) -> None:
        """Let nothing more through in these directions; no end is told of it. New connections fare the same."""
        self._stalled = frozenset(directions)
        self._calm.clear() if directions else self._calm.set()

    async def heal(self) -> None:
        """Be a proxy like any other: what was stalled goes on, what was half closed is cut."""
        self.delay, self.rate = 0.0, None
        self.stall()
        for link in list(self._links):
            if link.open != BOTH:
                link.abort()
        await self.listen()

    async def close(self) -> None:
        """Cut everything, and listen no more."""
        self.refuse()
        self.cut()
        tasks = list(self._links.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(writer)
        task = asyncio.current_task()
        assert task is not None
        self._links[link] = task
        try:
            await self._passed("up")
            await self._connect(link, reader)
            link.close()
        except (OSError, asyncio.CancelledError):  # a server in asyncio logs a cancelled handler as an error
            link.abort()
        finally:
            del self._links[link]

    async def _connect(self, link: Link, from_client: asyncio.StreamReader) -> None:
        from_server, link.server = await asyncio.open_connection(*self.target)
        pumps = [
            asyncio.create_task(self._pump(link, "up", from_client, link.server)),
            asyncio.create_task(self._pump(link, "down", from_server, link.client)),
        ]
        try:
            await asyncio.gather(*pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, link: Link, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass on one direction until its end, and then that end."""
        loop = asyncio.get_running_loop()
        due = 0.0

        def in_time(act: Callable[[], None]) -> None:
            """Do it at once, or late; never before what came before it."""
            nonlocal due
            now = loop.time()
            if not self.delay and due <= now:
                return act()
            due = max(now + self.delay, due + 1e-6)
            loop.call_at(due, act)

        while chunk := await reader.read(_CHUNK if self.rate is None else max(1, min(_CHUNK, int(self.rate / 10)))):
            await self._passed(direction)
            if self.rate is not None:
                await asyncio.sleep(len(chunk) / self.rate)
            if direction in link.open:
                in_time(partial(writer.write, chunk))
                await writer.drain()
        await self._passed(direction)
        if direction in link.open:
            in_time(partial(_end, writer))

    async def _passed(self, direction: Direction) -> None:
        while direction in self._stalled:
            await self._calm.wait()


def _end(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, RuntimeError):  # it has gone meanwhile
        writer.write_eof()
