"""A client of server-sent events, by the rules of the WHATWG HTML standard, 9.2.6."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from tests.support.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a stream."""

    id: str
    name: str
    data: dict[str, Any]

    @property
    def short(self) -> tuple[str, str | None, int | None]:
        """What it is called, what was done, and the revision."""
        return self.name, self.data["action"], self.data["revision"]


@dataclass(slots=True)
class Listener:
    """What has come so far. `last_id` is what a browser would send as Last-Event-ID."""

    events: list[Told] = field(default_factory=list)
    last_id: str = ""
    comments: int = 0
    ended: bool = False
    _id: str = ""
    _name: str = ""
    _data: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        """Read one line."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            self.last_id = self._id  # of whole blocks only: one that was cut was not seen
            if self._data:
                data = orjson.loads("\n".join(self._data))
                self.events.append(Told(self.last_id, self._name or "message", data))
            self._name, self._data = "", []
        elif name == "":
            self.comments += 1
        elif name == "id":
            self._id = value
        elif name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)

    async def heard(self, count: int, timeout: float = 30) -> list[Told]:
        """The events, once there are so many of them."""
        await wait_until(lambda: len(self.events) >= count, timeout)
        return self.events

    async def at(self, position: str, timeout: float = 30) -> Told:
        """The event of a record, once it has come."""
        found = await wait_until(lambda: [told for told in self.events if told.data["position"] == position], timeout)
        return found[0]

    async def heard_up_to(self, position: str, timeout: float = 30) -> list[Told]:
        """The events, once one of them, or a sign of life, is behind all these positions."""
        wanted = _offsets(position)

        def reached() -> bool:
            held = _offsets(self.last_id)
            return all(held.get(partition, -1) >= offset for partition, offset in wanted.items())

        await wait_until(reached, timeout)
        return self.events


@asynccontextmanager
async def listening(client: httpx.AsyncClient, path: str, last_event_id: str = "") -> AsyncIterator[Listener]:
    """Listen until the end of the block; it begins once the stream does."""
    listener = Listener()
    headers = {"accept": "text/event-stream"} | ({"last-event-id": last_event_id} if last_event_id else {})
    async with client.stream("GET", path, headers=headers, timeout=None) as response:
        if response.status_code != 200:
            raise AssertionError((await response.aread()).decode())
        assert response.headers["content-type"].startswith("text/event-stream")

        async def read() -> None:
            try:
                async for line in response.aiter_lines():
                    listener.take(line)
            except httpx.HTTPError:
                pass  # cut: as good as ended
            listener.ended = True

        task = asyncio.create_task(read())
        try:
            await wait_until(lambda: listener.comments)
            yield listener
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _offsets(position: str) -> dict[str, int]:
    pairs = (item.split(":") for item in position.split(",") if item)
    return {partition: int(offset) for partition, offset in pairs}
