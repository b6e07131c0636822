"""Pages, exports, searches and histories of large events: whole and as ever, in memory that has a bound."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final
from uuid import uuid4

import httpx
import psutil
import pytest
from tests.support.clients.event_streams import listening
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.event_fields import fields_of
from event_schemas.events import digest_of
from event_schemas.json_text import write_json
from event_schemas.positions import format_positions, parse_positions
from event_schemas.records import Record, encode_value

EVENTS: Final = 240
REVISIONS: Final = 60
PARKED: Final = 40
MEBIBYTE: Final = 2**20
#: What reads may take; the bodies are up to 90 MiB.
MOST: Final = 100 * MEBIBYTE
LARGE: Final[dict[str, Any]] = {
    "attributes": {"words": "x" * 16_000},
    "sources": [
        {"url": f"https://example.org/{n:02}/{'a' * 2_000}", "title": "ö" * 300, "publisher": "ø" * 300}
        for n in range(50)
    ],
}
PAIR: Final = "/v1/timelines/CHN-IND"


@dataclass
class Shelf:
    """A stack with large events of one pair, one of another with many revisions, and many that are parked.

    `idle` is what the service takes before it has read any of them.
    """

    stack: TimelineStack
    changed: str
    pid: int
    idle: int

    @property
    def memory(self) -> int:
        """The service's resident memory in bytes."""
        return int(psutil.Process(self.pid).memory_info().rss)

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """Asserts that the service never takes more than MOST meanwhile, above what it does when it is idle."""
        peak = 0

        async def watch() -> None:
            nonlocal peak
            while True:
                peak = max(peak, self.memory)
                await asyncio.sleep(0.005)

        watcher = asyncio.create_task(watch())
        try:
            yield
        finally:
            watcher.cancel()
        assert peak - self.idle < MOST, f"{(peak - self.idle) / MEBIBYTE:.0f} MiB"

    async def read(self, path: str, coding: str = "identity", **headers: str) -> httpx.Response:
        """A 200, read whole."""
        answer = await self.stack.client.get(path, headers={"accept-encoding": coding, **headers})
        assert answer.status_code == 200
        return answer


@cache
def sources_and_attributes() -> dict[str, Any]:
    """What makes an event large, in its normal form."""
    event = recording(**LARGE).event_json
    return {name: event[name] for name in LARGE}


def large(number: int, countries: list[str], event_id: str | None = None) -> Record:
    """The record of an event of 180 KB."""
    small = recording(f"event {number}", f"{1960 + number % 60}", countries, event_id=event_id)
    event = {**small.event_json, **sources_and_attributes()}
    content = write_json(event)
    return small._replace(event=fields_of(event), content=content, digest=digest_of(content))


@pytest.fixture(scope="module")
async def shelf(engines: Engines) -> AsyncIterator[Shelf]:
    """Large events of China and India, one that was corrected again and again, and some that are parked."""
    async with timeline_stack(engines) as stack:
        ends = [await stack.append(large(number, ["IN", "CN"])) for number in range(EVENTS)]
        first = large(0, ["FR", "DE"])
        ends.append(await stack.append(first))
        for number in range(1, REVISIONS):
            change = large(number, ["FR", "DE"], first.event_id)
            correction = change._replace(action="corrected", record_id=str(uuid4()), reason="a better source")
            ends.append(await stack.append(correction))
        for number in range(PARKED):
            event = large(number, ["FR", "IT"])
            to_come = encode_value(event).replace(b"recorded.v2", b"recorded.v9")
            ends.append(await stack.log.append_bytes(event.event_id.encode(), to_come))
        last = {partition: offset for end in ends for partition, offset in parse_positions(end).items()}

        async def reached() -> bool:
            path = f"/v1/timelines/CHN-IND/summary?q=event&min_position={format_positions(last)}"
            return (await stack.client.get(path)).status_code == 200

        await wait_until(reached, 120)
        service = await stack.services.timeline("fresh")
        assert service.pid is not None
        async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as client:
            await client.get("/v1/timelines/CHN-IND/summary")
            idle = psutil.Process(service.pid).memory_info().rss
            yield Shelf(replace(stack, client=client), first.event_id, service.pid, idle)


@pytest.mark.parametrize(
    ("path", "coding"),
    [
        (f"{PAIR}?limit=1000", "identity"),
        (f"{PAIR}.json?limit=1000&order=desc&count=true", "gzip"),
        (f"{PAIR}.atom?limit=1000", "identity"),
        (f"{PAIR}.ndjson", "identity"),
        (f"{PAIR}.csv?limit=1000", "gzip"),
        (f"{PAIR}.ics", "identity"),
        (f"{PAIR}.timelinejs.json", "identity"),
        ("/v1/events?country=IN&limit=1000", "identity"),
        ("/v1/events?q=event&country=IN&limit=1000", "identity"),
        ("/v1/events?q=event&country=IN&order=relevance&limit=1000", "gzip"),
        ("/v1/events.ndjson?q=event&country=IN&order=relevance", "identity"),
        ("/v1/events/CHANGED/revisions", "identity"),
        ("/v1/parked?limit=1000", "identity"),
    ],
)
async def test_many_large_rows_are_held_a_few_at_a_time(shelf: Shelf, path: str, coding: str) -> None:
    path = path.replace("CHANGED", shelf.changed)
    async with shelf.bounded():
        first = await shelf.read(path, coding)
    assert len(first.content) > 6 * MEBIBYTE, "decoded"
    assert first.headers.get("content-encoding", "identity") == coding
    known = await shelf.stack.client.get(
        path, headers={"accept-encoding": coding, "if-none-match": first.headers["etag"]}
    )
    assert (known.status_code, known.content) == (304, b"")
    head = await shelf.stack.client.head(path, headers={"accept-encoding": coding})
    assert (head.status_code, head.headers["etag"]) == (200, first.headers["etag"])


async def test_a_live_stream_that_resumes_far_behind_takes_little_memory(shelf: Shelf) -> None:
    async with shelf.bounded(), listening(shelf.stack.client, f"{PAIR}/live", "0:0") as listener:
        assert len(await listener.heard(EVENTS // 2, 60)) >= EVENTS // 2


@pytest.mark.parametrize(
    ("path", "limit"),
    [(PAIR, 100), ("/v1/events?country=IN", 100), ("/v1/events?q=event&country=IN", 100), ("/v1/parked", 30)],
)
async def test_a_large_page_holds_what_small_ones_do(shelf: Shelf, path: str, limit: int) -> None:
    join = "&" if "?" in path else "?"
    large = (await shelf.read(f"{path}{join}limit={limit}")).json()
    small: list[Any] = []
    following: str | None = f"{path}{join}limit=10"
    while following and len(small) < limit:
        answer = await shelf.read(following)
        assert "content-length" in answer.headers
        small += answer.json()["items"]
        following = f"{path}{join}limit=10&cursor={answer.json()['next']}"
    assert large["items"] == small
    rest = (await shelf.read(f"{path}{join}limit={limit}&cursor={large['next']}")).json()
    assert rest["items"][0] != small[-1]
    assert list(large)[-1] == "next"


async def test_a_long_history_is_whole(shelf: Shelf) -> None:
    history = (await shelf.read(f"/v1/events/{shelf.changed}/revisions")).json()["items"]
    assert [item["revision"] for item in history] == list(range(1, REVISIONS + 1))
    assert [len(item["changes"]) for item in history] == [0] + [2] * (REVISIONS - 1)
    assert history[7]["changes"][0] == {"pointer": "/title", "before": "event 6", "after": "event 7"}
