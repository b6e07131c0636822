"""Readers of services that read from a replica: what they are shown never steps back, and is what the primary says."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import orjson
from tests.faults.test_projector_faults import busy_log
from tests.support.inputs.log_writing import LogWriter
from tests.support.waiting import wait_until

from event_schemas.positions import format_positions, parse_positions

#: Questions of all kinds: entries, documents, kept counts, histories, records.
QUESTIONS: Final = (
    "/v1/timelines/CHN-IND?limit=20",
    "/v1/timelines/CHN-IND?limit=20&order=desc",
    "/v1/timelines/CHN-IND?limit=20&order=newest",
    "/v1/timelines/CHN-IND?limit=20&type=ban&count=true",
    "/v1/timelines/CHN-IND/summary",
    "/v1/events?q=event&limit=20",
    "/v1/events?country=IN&limit=20&order=newest",
    "/v1/timelines?order=count&limit=20",
    "/v1/tags?limit=20",
    "/v1/records?limit=20",
    "/v1/batches?limit=1",
)
_SEARCHED: Final = ("/v1/events", "/v1/tags")
_NOW: Final = "/v1/batches"  # whose later pages are of later moments
_FOLLOWED: Final = 0.3
_READ: Final = re.compile(r'^dyadline_replica_reads_total\{replica="[^"]*"\} ([0-9.e+]+)$', re.MULTILINE)


@dataclass(slots=True)
class Readers:
    """Readers of some services, and what all of them were shown so far.

    `seen` is the greatest position of any answer that had ended, whoever got it: what begins later is no further back.
    Answers that are searched for are further back than others, and no further back than one another.
    """

    clients: Sequence[httpx.AsyncClient]
    plain: httpx.AsyncClient
    chance: random.Random = field(default_factory=lambda: random.Random(19))
    seen: dict[bool, dict[int, int]] = field(default_factory=lambda: {False: {}, True: {}})
    reads: int = 0
    compared: int = 0

    async def read_until(self, stop: asyncio.Event, readers: int = 4) -> None:
        """Have so many of them read until they are stopped, each on connections of its own."""
        async with asyncio.TaskGroup() as group:
            for _ in range(readers):
                group.create_task(self._read_until(stop))

    async def compare(self) -> None:
        """Assert that all services answer as the one that knows the primary alone, byte for byte, at the log's end."""
        partitions = (await self.plain.get("/v1/status")).json()["partitions"]
        end = format_positions({each["partition"]: each["log_end"] - 1 for each in partitions if each["log_end"]})
        for path in ("/v1/events?q=event&limit=1", *QUESTIONS):  # the first waits until all of it can be searched
            wanted = await self.plain.get(path, headers={"timeline-position": end})
            assert wanted.status_code == 200, wanted.text
            for client in self.clients:
                found = await client.get(path, headers={"timeline-position": end})
                assert found.content == wanted.content, path
                for name in ("etag", "timeline-position"):
                    assert found.headers.get(name) == wanted.headers.get(name), (path, name)
                self.compared += 1

    async def _read_until(self, stop: asyncio.Event) -> None:
        *wires, plain = [_Wire(str(client.base_url)) for client in (*self.clients, self.plain)]
        while not stop.is_set():
            path = self.chance.choice(QUESTIONS)
            cursor = await self._read(self.chance.choice(wires), path)
            if cursor is not None and not path.startswith(_NOW) and self.chance.random() < _FOLLOWED:
                await self._read_page(self.chance.choice(wires), plain, f"{path}&cursor={cursor}")
        for wire in (*wires, plain):
            wire.close()

    async def _read(self, wire: "_Wire", path: str) -> str | None:
        """Read; the next page's cursor, where there is one."""
        seen = self.seen[path.startswith(_SEARCHED)]
        before = dict(seen)
        position, body = await wire.get(path)
        behind = {part: offset for part, offset in before.items() if position.get(part, -1) < offset}
        assert not behind, f"{path} stepped back to {position}: {before} had been shown"
        for partition, offset in position.items():
            seen[partition] = max(offset, seen.get(partition, 0))
        self.reads += 1
        cursor: str | None = orjson.loads(body).get("next")
        return cursor

    async def _read_page(self, wire: "_Wire", plain: "_Wire", path: str) -> None:
        """A later page, which is read at the vector of the first: whoever answers, it is the same."""
        (_, found), (_, wanted) = await wire.get(path), await plain.get(path)
        assert found == wanted, path
        self.reads += 1
        self.compared += 1


class _Wire:
    """A connection of a reader, who reads so much that a whole client would take longer than the service."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[dict[int, int], bytes]:
        """The position of an answer that has to be 200, and its body."""
        for _ in range(2):  # a connection on which nothing was asked for long is closed by the service
            reader, writer = self._streams = self._streams or await asyncio.open_connection(
                self._address.hostname, self._address.port
            )
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            try:
                head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                break
            except (asyncio.IncompleteReadError, ConnectionError):
                self.close()
        headers = dict(line.split(": ", 1) for line in lines if line)
        body = await reader.readexactly(int(headers["content-length"]))
        assert head.startswith("HTTP/1.1 200 "), (path, body)
        return parse_positions(headers["timeline-position"]), body

    def close(self) -> None:
        """End it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def replica_reads(client: httpx.AsyncClient) -> int:
    """How many questions replicas have answered, as a service counts them."""
    return int(sum(float(count) for count in _READ.findall((await client.get("/metrics")).text)))


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service."""
    headers = {"host": "127.0.0.1"}  # one for all: an answer's tag is of its address, too
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, headers=headers) as client:
        yield client


async def replicas_of(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """What a service says of its replicas."""
    found: list[dict[str, Any]] = (await client.get("/v1/status")).json()["replicas"]
    return found


async def says(client: httpx.AsyncClient, why_not: str | None, number: int = 0) -> None:
    """Wait until a service says so of one of its replicas, or that it reads it."""

    async def said() -> bool:
        replica = (await replicas_of(client))[number]
        return bool(replica["why_not"] == why_not if why_not is None else why_not in (replica["why_not"] or ""))

    await wait_until(said)


async def append_until(log: LogWriter, stop: asyncio.Event, events: int = 20, pause: float = 0) -> None:
    """Write to the log, some events at a time."""
    number = 0
    while not stop.is_set():
        number += 1
        await log.append(*busy_log(events, number))
        await asyncio.sleep(pause)
