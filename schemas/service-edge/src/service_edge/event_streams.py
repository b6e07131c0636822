"""Server-sent events (WHATWG HTML, 9.2): their blocks, and an answer that goes on until somebody has had enough."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

MEDIA_TYPE: Final = "text/event-stream"
HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
#: The ASGI extension by which our server lets go of a connection at once, what it has buffered included.
ABORT: Final = "dyadline.abort"
#: That by which it tells whether the client has closed its end, also while nothing is read.
GONE: Final = "dyadline.gone"
_LAST_SECONDS: Final = 1.0
_LOG: Final = structlog.get_logger()


def retry(milliseconds: int) -> bytes:
    """Tells the client how long to wait before it connects again."""
    return b"retry: %d\n\n" % milliseconds


def sign_of_life(event_id: str) -> bytes:
    """A comment, and an id without data: it dispatches nothing, and moves where a client would resume."""
    return f": alive\nid: {event_id}\n\n".encode() if event_id else b": alive\n\n"


class SlowListenerError(Exception):
    """A client that does not take what it is sent; it can resume from what it has."""


class EventStreams:
    """The open event streams of a process: how long each waits for its listener, and that its end is not held up."""

    def __init__(self, slow_seconds: float) -> None:
        self.slow_seconds = slow_seconds
        self.open: set[EventStream] = set()

    def stop(self) -> None:
        """Give those that wait for their listener a last second; their sources are told by others."""
        for stream in self.open:
            stream.hurry()


class EventStream(StreamingResponse):
    """An answer of pieces of an event stream. A listener that takes none for the streams' `slow_seconds` is cut off.

    Only the server's own buffers stand between the source and the listener, so memory is bounded.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        streams: EventStreams,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(pieces, headers={**HEADERS, **(headers or {})}, media_type=MEDIA_TYPE)
        self._pieces = pieces
        self._streams = streams
        self._patience: asyncio.Timeout | None = None
        self._scope: Scope = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the source ends, the client goes away or is too slow."""
        self._scope = scope
        self._streams.open.add(self)
        try:
            async with aclosing(self._pieces):
                await super().__call__(scope, receive, send)
        finally:
            self._streams.open.discard(self)

    async def stream_response(self, send: Send) -> None:
        """Send each piece, and wait for the client to take what came before it, so long as that takes."""
        last: Message = {"type": "http.response.body", "body": b"", "more_body": False}
        try:
            await self._send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for piece in self._pieces:
                await self._send(send, {"type": "http.response.body", "body": piece, "more_body": True})
            await self._send(send, last)
        except SlowListenerError:
            if (extension := self._scope.get("extensions", {}).get(ABORT)) is None:
                raise
            _LOG.info("slow listener dropped", path=self._scope["path"], client=self._scope.get("client"))
            extension["abort"]()
            await send(last)  # returns when the connection is gone

    def hurry(self) -> None:
        """Wait no longer than a second for the client to take what it was sent."""
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + _LAST_SECONDS)

    async def _send(self, send: Send, message: Message) -> None:
        try:
            async with asyncio.timeout(self._streams.slow_seconds) as self._patience:
                await send(message)
        except TimeoutError as error:
            raise SlowListenerError(f"the client took nothing for {self._streams.slow_seconds} s") from error
        finally:
            self._patience = None
