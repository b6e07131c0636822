"""More than can be done at once: many uploads and reads, slow bodies, listeners that do not listen, idle sockets."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from random import Random
from typing import Final
from urllib.parse import urlsplit

import orjson
from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.nemesis.faults import fault
from tests.faults.soak.nemesis.operations import ask, client, event, in_background, post_lines

_SLOWEST_SECONDS: Final = 45.0
_SPARE_FILES: Final = 1_000
_LINES: Final = 300


@fault("overload with uploads and reads")
async def overload(arena: Arena, random: Random) -> AsyncIterator[None]:
    """Many bodies and pages at a time. Each is answered soon, if only with a 503 that says when to come again."""

    async def upload() -> None:
        while True:
            started = time.monotonic()
            await post_lines(arena, [orjson.dumps(event(random)) for _ in range(_LINES)])
            _in_time(arena, "an upload", started)

    async def read() -> None:
        async with client() as each:
            while True:
                started = time.monotonic()
                await ask(arena, each, "GET", f"{random.choice(arena.timeline_urls)}/v1/timelines/ISL-NRU?limit=500")
                _in_time(arena, "a page", started)

    uploads, reads = random.choice(((10, 10), (40, 0), (0, 40)))
    async with in_background(*(upload() for _ in range(uploads)), *(read() for _ in range(reads))):
        yield


@fault("send bodies slowly")
async def send_slowly(arena: Arena, random: Random) -> AsyncIterator[None]:
    """Bodies of which a byte comes now and then, and never the last."""
    head = (
        b"POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-ndjson\r\n"
        b"content-length: 1000000\r\n\r\n"
    )
    writers = await _open(arena.ingest_urls[0], random.choice((20, 100)), head)

    async def drip() -> None:
        while True:
            for writer in writers:
                if not writer.is_closing():
                    writer.write(b" ")
            await asyncio.sleep(0.2)

    try:
        async with in_background(drip()):
            yield
    finally:
        _abort(writers)


@fault("listen without reading")
async def stall_listeners(arena: Arena, random: Random) -> AsyncIterator[None]:
    """Listeners to the live feed, and readers of exports, that take nothing of what they asked for."""
    writers = []
    for path in ("/v1/live", "/v1/log/export?partition=0", "/v1/timelines/ISL-NRU.ndjson"):
        request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()
        writers += await _open(random.choice(arena.timeline_urls), random.choice((5, 30)), request)
    try:
        yield
    finally:
        _abort(writers)


@fault("open sockets and say nothing")
async def open_sockets(arena: Arena, random: Random) -> AsyncIterator[None]:
    """Thousands of connections whose requests never end."""
    most = raise_file_limit() - _SPARE_FILES
    count = max(0, min(most, random.choice((300, 3_000, 10_000)))) // 2
    writers = [
        *await _open(arena.ingest_urls[0], count, b"POST /v1/events HTTP/1.1\r\n"),
        *await _open(random.choice(arena.timeline_urls), count, b"GET /v1/sta"),
    ]
    try:
        yield
    finally:
        _abort(writers)


def raise_file_limit() -> int:
    """Let this process open as many files as it may; returns how many those are."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


async def _open(url: str, count: int, request: bytes) -> list[asyncio.StreamWriter]:
    """So many connections, or as many as are taken, each with the beginning of a request."""
    address = urlsplit(url)
    writers: list[asyncio.StreamWriter] = []
    for _ in range(count):
        try:
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection(address.hostname, address.port)
        except (OSError, TimeoutError):
            break
        writer.write(request)
        writers.append(writer)
    return writers


def _abort(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.transport.abort()


def _in_time(arena: Arena, what: str, started: float) -> None:
    if len(arena.struck) == 1 and (seconds := time.monotonic() - started) > _SLOWEST_SECONDS:
        arena.violations.append(f"{what} took {seconds:.0f} s under load")


FAULTS: Final = (overload, send_slowly, stall_listeners, open_sockets)
