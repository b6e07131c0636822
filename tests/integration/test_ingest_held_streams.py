"""What becomes of streams that the rate of events holds back: their senders go, or the process is asked to stop."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import httpx
import orjson
import pytest
from tests.support.running.ingesting import NDJSON, an_event
from tests.support.running.processes import Service, Services
from tests.support.waiting import wait_until


def a_request(lines: int) -> bytes:
    body = b"".join(orjson.dumps(an_event(f"line {number}")) + b"\n" for number in range(lines))
    head = f"POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: {NDJSON['content-type']}\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


def counted(ingest: Service, outcome: str, wanted: int) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        async with httpx.AsyncClient(base_url=ingest.url, trust_env=False) as client:
            found = re.search(rf'ingest_events_total{{outcome="{outcome}"}} (\d+)', (await client.get("/metrics")).text)
        return found is not None and int(found[1]) >= wanted

    return reached


@pytest.mark.parametrize("lines", [3, 1_500])  # the second is more than is read while nothing of it is used
async def test_a_held_stream_is_let_go_when_its_sender_has_gone(services: Services, lines: int) -> None:
    ingest = await services.ingest(INGEST_EVENTS_PER_MINUTE="1")
    _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(ingest.url).port)
    writer.write(a_request(lines))
    await writer.drain()
    await wait_until(counted(ingest, "recorded", 1))
    writer.close()
    await writer.wait_closed()
    await wait_until(counted(ingest, "refused", 1))  # its body broke off


async def test_held_streams_end_with_an_answer_when_the_process_stops(services: Services) -> None:
    ingest = await services.ingest(INGEST_EVENTS_PER_MINUTE="1")
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(ingest.url).port)
    writer.write(a_request(3))
    await wait_until(counted(ingest, "recorded", 1))
    async with httpx.AsyncClient(base_url=ingest.url, trust_env=False) as client:
        answer = await client.post("/v1/changes", content=b"{}\n", headers=NDJSON)
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    await ingest.terminate()
    said = await asyncio.wait_for(reader.read(), 20)
    assert b"ingest stops: from line 2 on nothing of this was taken in" in said
    writer.close()
    await ingest.ended()
    assert "Traceback" not in ingest.log
    assert "running task" not in ingest.log
