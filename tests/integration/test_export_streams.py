"""Long exports: one state whatever happens meanwhile, in little memory, without a transaction, whole or broken off."""

import asyncio
import contextlib
import json
import os
import sys
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import psutil
import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.processes import Service
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.records import Record

EVENTS: Final = 10_000
PATH: Final = "/v1/timelines/CHN-IND.ndjson"
MEBIBYTE: Final = 2**20
_WAITING: Final = """
    select pid from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and application_name = 'dyadline timeline'"""
_IN_TRANSACTION: Final = """
    select pid, state, query from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
    and (state like 'idle in transaction%' or xact_start < now() - interval '1 second')"""


@dataclass
class Shelf:
    """A stack with many events of one pair, and the position that holds them."""

    stack: TimelineStack
    events: list[Record]
    position: str

    @property
    def dated(self) -> list[tuple[str, Record]]:
        """The events with their dates, all of them months."""
        return [(record.event_json["when"], record) for record in self.events if record.event is not None]

    @property
    def service(self) -> Service:
        """The timeline service."""
        return next(each for each in self.stack.services.all if each.process.name == "timeline")

    @property
    def memory(self) -> int:
        """The service's resident memory in bytes."""
        return int(psutil.Process(self.service.pid).memory_info().rss)

    async def read(self, url: str = PATH, **headers: str) -> bytes:
        """The body of a 200, at the position."""
        given = {"timeline-position": self.position, **headers}
        answer = await self.stack.client.get(url, headers=given)
        assert answer.status_code == 200, answer.text
        return answer.content


@pytest.fixture(scope="module")
async def shelf(engines: Engines) -> AsyncIterator[Shelf]:
    """Many events of China and India, over some 60 years; 20 MB as NDJSON."""
    async with timeline_stack(engines) as stack:
        events = [
            recording(f"event {n}", f"{1960 + n % 60}-{1 + n % 12:02}", type="visit", summary="words " * 200)
            for n in range(EVENTS)
        ]
        for start in range(0, EVENTS, 2000):
            position = await stack.append(*events[start : start + 2000])
        yield Shelf(stack, events, position)


@contextlib.asynccontextmanager
async def database(shelf: Shelf) -> AsyncIterator[Any]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(shelf.stack.services.database_url)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def reading(shelf: Shelf, url: str = PATH, **headers: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """An export that is read at leisure."""
    given = {"timeline-position": shelf.position, "accept-encoding": "identity", **headers}
    async with shelf.stack.client.stream("GET", url, headers=given) as answer:
        assert answer.status_code == 200
        yield answer.aiter_raw()


async def test_a_long_export_is_whole_and_in_order(shelf: Shelf) -> None:
    raw = await shelf.read()
    events = [json.loads(line) for line in raw.splitlines()]
    assert [event["id"] for event in events] == [
        event_id
        for _, _, event_id in sorted((when, record.accepted_at, record.event_id) for when, record in shelf.dated)
    ]
    turned = [json.loads(line)["id"] for line in (await shelf.read(f"{PATH}?order=desc")).splitlines()]
    assert turned == [event["id"] for event in events[::-1]]


async def test_a_slow_export_is_the_state_of_its_first_moment_and_holds_nothing_meanwhile(shelf: Shelf) -> None:
    wanted = await shelf.read()
    before = shelf.memory
    chance = range(3, EVENTS, EVENTS // 300)
    async with reading(shelf) as chunks, database(shelf) as connection:
        got = bytearray(await anext(chunks))
        changes: list[Record] = []
        for number, record in enumerate(shelf.events[place] for place in chance):
            if number % 2:
                changes.append(retracting(record.event_id))
            else:
                changes.append(correcting(record.event_id, "moved", f"{1950 + number % 90}"))
        shelf.position = await shelf.stack.append(*changes, recording("new", "1999"))
        now = await shelf.stack.get("/v1/timelines/CHN-IND?count=true&limit=1", shelf.position)
        assert now["count"] < EVENTS
        assert len(got) < len(wanted) // 2, "the export is under way"

        async def nothing_open() -> bool:
            return not await connection.fetch(_IN_TRANSACTION)

        await wait_until(nothing_open)
        assert shelf.memory - before < 40 * MEBIBYTE
        async for chunk in chunks:
            got += chunk
    assert bytes(got) == wanted
    assert shelf.memory - before < 40 * MEBIBYTE
    after = await shelf.read()
    assert after != wanted
    assert len(after.splitlines()) == now["count"]


async def test_many_exports_at_once_take_little_memory(shelf: Shelf) -> None:
    raw = await shelf.read()
    before = shelf.memory
    peak = 0

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, shelf.memory)
            await asyncio.sleep(0.01)

    async def export(url: str, coding: str) -> int:
        return len(await shelf.read(url, **{"accept-encoding": coding}))

    watcher = asyncio.create_task(watch())
    sizes = await asyncio.gather(
        export(PATH, "identity"),
        export(PATH, "gzip"),
        export("/v1/timelines/CHN-IND.csv", "identity"),
        export("/v1/timelines/CHN-IND.ics", "gzip"),
    )
    watcher.cancel()
    assert sizes[0] == sizes[1] == len(raw)
    assert sum(sizes) > 60 * MEBIBYTE
    assert peak - before < 60 * MEBIBYTE


@contextlib.asynccontextmanager
async def held_up(shelf: Shelf, url: str, coding: str) -> AsyncIterator[tuple["asyncio.Task[bytes]", Any, int]]:
    """An export that is under way and waits for the database: its reader, a connection, and the waiting backend."""
    begun, locked = asyncio.Event(), asyncio.Event()

    async def read() -> bytes:
        got = bytearray()
        async with reading(shelf, url, **{"accept-encoding": coding}) as chunks:
            async for chunk in chunks:
                got += chunk
                if not begun.is_set():
                    begun.set()
                    await locked.wait()
        return bytes(got)

    async with database(shelf) as connection:
        reader = asyncio.create_task(read())
        try:
            await asyncio.wait_for(begun.wait(), 30)
            async with connection.transaction(), database(shelf) as other:
                await connection.execute("lock table timeline_g1.entries in access exclusive mode")
                locked.set()

                async def waits() -> int | None:
                    found: int | None = await other.fetchval(_WAITING)
                    return found

                pid = await wait_until(waits)
                assert pid is not None
                assert not reader.done()
                yield reader, other, pid
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


async def test_the_work_ends_when_the_client_goes_away(shelf: Shelf) -> None:
    async with held_up(shelf, PATH, "identity") as (reader, connection, _):
        reader.cancel()

        async def ended() -> bool:
            return await connection.fetchval(_WAITING) is None

        await wait_until(ended)
    assert "Traceback" not in shelf.service.log


@pytest.mark.parametrize(
    ("form", "coding"),
    [("ndjson", "identity"), ("ndjson", "gzip"), ("csv", "identity"), ("ics", "gzip"), ("timelinejs.json", "identity")],
)
async def test_an_export_breaks_off_where_the_database_goes_away(shelf: Shelf, form: str, coding: str) -> None:
    url = f"/v1/timelines/CHN-IND.{form}"
    async with held_up(shelf, url, coding) as (reader, connection, pid):
        await connection.execute("select pg_terminate_backend($1)", pid)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            await asyncio.wait_for(reader, 30)
    assert "export broke off" in shelf.service.log
    assert "Traceback" not in shelf.service.log
    raw = await shelf.read(url, **{"accept-encoding": coding})  # and the next one is whole again
    assert len(raw) > 5 * MEBIBYTE


async def test_a_gzip_stream_is_readable_as_it_comes(shelf: Shelf) -> None:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    async with reading(shelf, **{"accept-encoding": "gzip"}) as chunks:
        async for chunk in chunks:
            if b"\n" in unpacker.decompress(chunk):
                break
        else:
            pytest.fail("nothing could be read before the end")


async def status_of(stack: TimelineStack) -> dict[str, int]:
    """The counts of outcomes once the projection has got to the end of the log."""

    async def caught_up() -> dict[str, int] | None:
        status = await stack.get("/v1/status")
        counts: dict[str, int] = status["records"]
        return counts if status["lag"] == 0 else None

    found = await wait_until(caught_up)
    assert found is not None
    return found


async def post(file: Path, url: str, stack: TimelineStack) -> tuple[int, str]:
    """Run `ingest post` on a file; returns its exit status and what it said."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ingest_service.cli", "post", str(file)),
        env={**os.environ, "INGEST_URL": url, "TIMELINE_URL": str(stack.client.base_url)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, output.decode()


async def test_an_export_that_is_posted_again_makes_duplicates_only(shelf: Shelf, tmp_path: Path) -> None:
    stack = shelf.stack
    ingest = await stack.services.ingest()
    awkward: list[dict[str, Any]] = [
        {"title": "=1+1", "when": "2020~", "summary": "a\r\nb\tc", "attributes": {"n": [1.5, None, {"": "é"}]}},
        {"title": "ação 👩\u200d👧", "when": "../2020", "countries": ["FR", "DE", "IT"], "initiators": ["IT"]},
        {"title": "all", "when": "2020-06-29", "tags": ["b", "a"], "codes": {"x": "=1"}, "goldstein": -3,
         "stage": "ended", "sources": [{"url": "https://example.org/?a=1", "published": "2020-XX"}],
         "actors": ["A", {"name": "B", "country": "BR"}]},
    ]  # fmt: skip
    events = [recording(**{"countries": ["FR", "DE"], **fields}) for fields in awkward]
    gone, moved = recording("gone", "2020", ["FR", "DE"]), recording("moved", "2020", ["FR", "DE"])
    shelf.position = await stack.append(
        *events, gone, retracting(gone.event_id), moved, correcting(moved.event_id, "moved", "2021", ["FR", "DE"])
    )
    before = await status_of(stack)
    file = tmp_path / "export.ndjson"
    lines = 0
    for url in ("/v1/timelines/FR-DE.ndjson", "/v1/events.ndjson?q=ended%20or%20moved&country=FR", f"{PATH}?to=1962"):
        file.write_bytes(await shelf.read(url))
        count = len(file.read_bytes().splitlines())
        assert count > 0
        lines += count
        words = f"recorded {count}, refused 0\napplied 0, duplicate {count}, rejected 0, parked 0\n"
        assert await post(file, ingest.url, stack) == (0, words)
    after = await status_of(stack)
    assert after == {**before, "total": before["total"] + lines, "duplicate": before["duplicate"] + lines}

    file.write_bytes(await shelf.read("/v1/timelines/FR-DE.ndjson?include=retracted"))
    status, said = await post(file, ingest.url, stack)
    assert (status, "recorded 3, refused 1" in said, "retracted" in said) == (1, True, True), said
    again = await status_of(stack)
    assert again == {**after, "total": after["total"] + 3, "duplicate": after["duplicate"] + 3}
