"""More is sent at once than can be taken in: memory stays bounded, Kafka is not blamed, and nobody starves others."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import psutil
import pytest
from tests.support.inputs.log_writing import read_log
from tests.support.running.ingesting import JSON, NDJSON, an_event
from tests.support.running.processes import Service, Services

BODIES = 40
LINES = 1_500
LINE = orjson.dumps(an_event("a line")) + b"\n"


@asynccontextmanager
async def begun(ingest: Service, media_type: str, start: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A body of which only the start is sent, while its sender listens."""
    host, _, port = ingest.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {media_type}\r\ncontent-length: 500000\r\n\r\n"
    )
    writer.write(head.encode() + start)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


async def heard(reader: asyncio.StreamReader, words: bytes) -> bytes:
    """What was answered up to some words."""
    async with asyncio.timeout(30):
        return await reader.readuntil(words)


async def test_many_bodies_at_once_are_recorded_or_refused_at_the_door(
    services: Services, kafka: str, topic: str
) -> None:
    ingest = await services.ingest(INGEST_BODIES="4", INGEST_BODY_WAIT_SECONDS="3")
    process = psutil.Process(ingest.pid)
    peaks, waits, refusals = [0], [0.0], 0

    async def send(client: httpx.AsyncClient, number: int) -> dict[str, Any]:
        nonlocal refusals
        body = b"".join(orjson.dumps(an_event(f"{number} {line}")) + b"\n" for line in range(LINES))
        while True:
            answer = await client.post("/v1/events", content=body, headers=NDJSON)
            if answer.status_code == 200:
                summary: dict[str, Any] = orjson.loads(answer.text.splitlines()[-1])
                return summary
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/overloaded")
            assert int(answer.headers["retry-after"]) >= 1
            refusals += 1
            await asyncio.sleep(0.2)

    async def look_in(client: httpx.AsyncClient) -> None:
        number = 0
        while True:
            number += 1
            answer = await client.post("/v1/events", content=orjson.dumps(an_event(f"one {number}")), headers=JSON)
            assert answer.status_code == 201, answer.text
            waits.append(answer.elapsed.total_seconds())
            peaks.append(process.memory_info().rss)
            assert (await client.get("/readyz")).status_code == 200

    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(base_url=ingest.url, timeout=120, limits=limits) as client,
        httpx.AsyncClient(base_url=ingest.url, timeout=30) as other,
    ):
        looking = asyncio.create_task(look_in(other))
        summaries = await asyncio.gather(*(send(client, number) for number in range(BODIES)))
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    assert Counter(summary["recorded"] for summary in summaries) == {LINES: BODIES}
    assert looking.cancelled()
    assert refusals > 0
    assert max(waits) < 3
    assert max(peaks) < 250 * 1024 * 1024
    assert len(await read_log(kafka, topic)) >= BODIES * LINES


async def test_a_body_that_hardly_comes_gives_its_place_to_one_that_waits(services: Services) -> None:
    ingest = await services.ingest(INGEST_BODIES="2", INGEST_BODY_STALLED_SECONDS="1")
    async with (
        begun(ingest, "application/x-ndjson", LINE * 10 + b'{"torn') as lines,
        begun(ingest, "application/json", b"[") as array,
        httpx.AsyncClient(base_url=ingest.url, timeout=30) as client,
    ):
        answer = await client.post("/v1/events", content=LINE * 3, headers=NDJSON)
        assert orjson.loads(answer.text.splitlines()[-1])["recorded"] == 3
        long = orjson.dumps([an_event(f"{number}") for number in range(1_000)])
        answers = await asyncio.gather(
            *(client.post("/v1/events", content=long, headers=JSON) for _ in range(4)),
            *(client.post("/v1/events", content=LINE, headers=NDJSON) for _ in range(4)),
        )
        assert [answer.status_code for answer in answers] == [201] * 4 + [200] * 4
        assert b'"recorded":10,"refused":0,"unknown":0' in await heard(lines, b"while others wait")
        assert b" 503 " in await heard(array, b"while others wait")


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "application/json"])
async def test_what_is_refused_at_the_door_is_not_read(services: Services, media_type: str) -> None:
    ingest = await services.ingest(INGEST_BODIES="1", INGEST_BODY_WAIT_SECONDS="0.2")
    async with (
        begun(ingest, "application/x-ndjson", LINE),
        begun(ingest, media_type, b"") as refused,
        httpx.AsyncClient(base_url=ingest.url, timeout=30) as client,
    ):
        answer = await heard(refused, b"/problems/overloaded")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 10" in answer
        assert (await client.post("/v1/events", content=LINE, headers=JSON)).status_code == 201
