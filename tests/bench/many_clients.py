"""Many clients of one service at once: each on a connection of its own, which asks again once it is answered."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import httpx
from tests.bench.processor import cpu_seconds
from tests.support.running.processes import Service

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


@dataclass(frozen=True, slots=True)
class Answered:
    """Requests a second, and seconds of the service's processes for each."""

    rate: float
    cpu_seconds: float


@dataclass(slots=True)
class _Client(asyncio.Protocol):
    """Sends what is left of the requests, one after the other."""

    left: Iterator[bytes]
    statuses: frozenset[bytes]
    done: asyncio.Future[None]
    _transport: asyncio.Transport | None = None
    _held: bytearray = field(default_factory=bytearray)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is none by its class
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._held += data
        end = self._held.find(_HEAD_END)
        if end < 0:
            return
        head = bytes(self._held[:end]).lower()
        whole = end + len(_HEAD_END) + int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])
        if len(self._held) < whole:
            return
        if head[9:12] not in self.statuses:
            self._end(RuntimeError(f"a request was answered {bytes(self._held).decode(errors='replace')}"))
            return
        del self._held[:whole]
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the service has closed a connection"))

    def _ask(self) -> None:
        assert self._transport is not None
        request = next(self.left, None)
        if request is None:
            self._end(None)
            self._transport.close()
        else:
            self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


async def ask_all(service: Service, requests: Sequence[bytes], clients: int, statuses: frozenset[bytes]) -> Answered:
    """Have so many clients send the requests between them.

    Raises RuntimeError if one is answered with another status, and OSError if a connection is lost.
    """
    loop, address = asyncio.get_running_loop(), httpx.URL(service.url)
    left = iter(requests)
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(clients)]
    start, cpu = time.perf_counter(), cpu_seconds(service)

    def client(end: "asyncio.Future[None]") -> Callable[[], _Client]:
        return lambda: _Client(left, statuses, end)

    await asyncio.gather(*(loop.create_connection(client(end), address.host, address.port or 80) for end in ends))
    await asyncio.gather(*ends)
    seconds, cpu = time.perf_counter() - start, cpu_seconds(service) - cpu
    return Answered(len(requests) / seconds, cpu / len(requests))


def request(method: str, path: str, body: bytes = b"", media_type: str = "") -> bytes:
    """The bytes of a request to a service on loopback."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if body:
        lines += [f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join((*lines, "", "")).encode() + body
