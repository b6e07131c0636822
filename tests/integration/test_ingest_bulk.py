import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest
from tests.support.inputs.log_writing import read_log
from tests.support.running.ingesting import NDJSON, an_event, ingest_client
from tests.support.running.processes import Service, Services
from tests.support.waiting import wait_until

from event_schemas.positions import parse_positions
from event_schemas.records import decode

LIMIT = 256 * 1024


@pytest.fixture
async def client(kafka: str, topic: str) -> AsyncIterator[httpx.AsyncClient]:
    async with ingest_client(kafka, topic) as client:
        yield client


@pytest.fixture
async def ingest(services: Services) -> Service:
    return await services.ingest()


def lines_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [orjson.loads(line) for line in answer.text.splitlines()]


def a_line(title: str, **fields: Any) -> bytes:
    return orjson.dumps(an_event(title, **fields))


async def post(client: httpx.AsyncClient, body: Any, query: str = "") -> list[dict[str, Any]]:
    return lines_of(await client.post(f"/v1/events{query}", content=body, headers=NDJSON))


async def titles(kafka: str, topic: str) -> Counter[str]:
    records = [decode(item.key, item.value, item.headers) for item in await read_log(kafka, topic)]
    return Counter(record.event_json["title"] for record in records if record.event)


async def test_a_bom_before_ndjson_is_told(client: httpx.AsyncClient) -> None:
    body = b"\xef\xbb\xbf" + b"\n".join(orjson.dumps(an_event(title)) for title in ("one", "two"))
    answer = await client.post("/v1/events", content=body, headers=NDJSON)
    refused, end = map(orjson.loads, answer.text.splitlines())
    assert (refused["line"], end["recorded"], end["refused"]) == (1, 1, 1)
    assert refused["problem"]["detail"] == "not JSON: it begins with a byte order mark: send UTF-8 without a BOM"


async def test_one_bad_line_among_ten_thousand_stops_nothing(ingest: Service, kafka: str, topic: str) -> None:
    lines = [a_line(f"line {number}") for number in range(1, 10_001)]
    lines[4_999] = b'{"title": "a", "title": "b"}'
    async with httpx.AsyncClient(base_url=ingest.url, timeout=60) as client:
        answer = await post(client, b"\n".join(lines))
    refused, summary = answer
    assert (refused["line"], refused["status"]) == (5_000, 400)
    assert "stands twice" in refused["problem"]["detail"]
    assert summary.keys() == {"recorded", "refused", "unknown", "timeline_position"}
    assert (summary["recorded"], summary["refused"], summary["unknown"]) == (9_999, 1, 0)
    found = await read_log(kafka, topic)
    ends = Counter(item.partition for item in found)
    assert parse_positions(summary["timeline_position"]) == {number: count - 1 for number, count in ends.items()}
    assert await titles(kafka, topic) == {f"line {number}": 1 for number in range(1, 10_001) if number != 5_000}
    by_offset: dict[int, list[int]] = {}
    for item in found:
        event = decode(item.key, item.value, item.headers).event
        assert event is not None
        by_offset.setdefault(item.partition, []).append(int(event.title.split()[1]))
    assert all(numbers == sorted(numbers) for numbers in by_offset.values())


async def test_lines_are_counted_and_refused_one_by_one(client: httpx.AsyncClient, kafka: str, topic: str) -> None:
    too_long = a_line("x", summary="y" * LIMIT)
    body = b"\r\n".join(
        [a_line("1"), b"", b"  \t", a_line("4"), b"[]", too_long, b"\xff", b"{", a_line("9", when="2020/2019")]
    )
    *refused, summary = await post(client, body + b"\n" + a_line("10"))
    assert [(item["line"], item["status"]) for item in refused] == [(5, 422), (6, 413), (7, 400), (8, 400), (9, 422)]
    assert refused[4]["problem"]["errors"][0]["pointer"] == "/when"
    assert (summary["recorded"], summary["refused"]) == (3, 5)
    assert await titles(kafka, topic) == {"1": 1, "4": 1, "10": 1}


async def test_a_line_may_have_256_kib_and_no_byte_more(client: httpx.AsyncClient) -> None:
    line = a_line("long")
    longest = line + b" " * (LIMIT - len(line) - 1)
    just = a_line("just", attributes={"a": "b"})
    just = just[:-1] + b" " * (LIMIT - len(just)) + b"}"
    assert len(just) == LIMIT
    *refused, summary = await post(client, longest + b"\n" + just + b"\r\n" + just[:-1] + b" }\n")
    assert [(item["line"], item["status"]) for item in refused] == [(3, 413)]
    assert summary["recorded"] == 2


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\r\n"])
async def test_nothing_posted_is_nothing_recorded(client: httpx.AsyncClient, body: bytes) -> None:
    (summary,) = await post(client, body)
    assert summary == {"recorded": 0, "refused": 0, "unknown": 0, "timeline_position": ""}


async def test_results_all_answers_every_line_in_order(client: httpx.AsyncClient, kafka: str, topic: str) -> None:
    lines = [a_line(f"line {number}") if number % 7 else b"{}" for number in range(1, 3_001)]
    *results, summary = await post(client, b"\n".join(lines), "?results=all")
    assert [item["line"] for item in results] == list(range(1, 3_001))
    assert all(item["status"] == (201 if item["line"] % 7 else 422) for item in results)
    found = {f"{item.partition}:{item.offset}": item.key for item in await read_log(kafka, topic)}
    assert {item["position"]: item["id"].encode() for item in results if item["status"] == 201} == found
    assert summary["recorded"] == len(found)


async def test_the_same_id_twice_is_recorded_twice_in_order(client: httpx.AsyncClient, kafka: str, topic: str) -> None:
    event_id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    (summary,) = await post(client, a_line("first", id=event_id) + b"\n" + a_line("second", id=event_id))
    assert summary["recorded"] == 2
    records = [decode(item.key, item.value, item.headers) for item in await read_log(kafka, topic)]
    assert [record.event_json["title"] for record in records if record.event] == ["first", "second"]
    assert records[0].accepted_at < records[1].accepted_at


async def test_an_answer_that_grows_too_long_says_so(kafka: str, topic: str) -> None:
    async with ingest_client(kafka, topic, results_bytes=2_000) as client:
        *refused, summary = await post(client, b"{}\n" * 100 + a_line("good"))
    assert 0 < len(refused) < 100
    assert (summary["recorded"], summary["refused"]) == (1, 100)
    assert summary["problem"]["type"] == "/problems/results-cut"


async def test_a_body_that_breaks_off_records_its_whole_lines_only(ingest: Service, kafka: str, topic: str) -> None:
    host, _, port = ingest.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    body = b"".join(a_line(f"whole {number}") + b"\n" for number in range(2_500)) + a_line("torn")
    head = b"POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-ndjson\r\ncontent-length: "
    writer.write(head + str(len(body) + 100).encode() + b"\r\n\r\n" + body)
    await writer.drain()
    await wait_until(lambda: _holds(kafka, topic, 2_000))
    writer.close()
    await writer.wait_closed()
    async with httpx.AsyncClient(base_url=ingest.url) as client:
        (summary,) = await post(client, a_line("after"))
        assert summary["recorded"] == 1
    found = await titles(kafka, topic)
    assert found["torn"] == 0
    assert max(found.values()) == 1
    assert "Traceback" not in ingest.log


async def _holds(kafka: str, topic: str, count: int) -> bool:
    return len(await read_log(kafka, topic)) >= count


async def test_a_hundred_thousand_events_are_taken_in_constant_memory(ingest: Service, tmp_path: Path) -> None:
    assert ingest.pid is not None
    process = psutil.Process(ingest.pid)
    other = httpx.AsyncClient(base_url=ingest.url, timeout=30)
    peaks: list[int] = []
    waits: list[float] = []

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, 100_000, 1_000):
            yield b"".join(a_line(f"event {start + number}") + b"\n" for number in range(1_000))
            peaks.append(process.memory_info().rss)
            if start % 10_000 == 0:
                waits.append((await other.get("/healthz")).elapsed.total_seconds())

    async with httpx.AsyncClient(base_url=ingest.url, timeout=120) as client, other:
        (summary,) = await post(client, body())
    assert summary["recorded"] == 100_000
    assert max(peaks) < 200 * 1024 * 1024
    assert max(waits) < 2
