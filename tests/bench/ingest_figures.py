"""Ingest measured from outside, over HTTP: bulk, and one event after the other."""

import asyncio
import http.client
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from tests.bench.event_supply import ndjson
from tests.bench.figures import Figure, percentile
from tests.bench.floors.bare_producer import Records, send_from_many, send_in_batches, send_one_by_one
from tests.bench.many_clients import Answered, ask_all, request
from tests.bench.peers import published
from tests.support.running.processes import Service

_CHUNK_BYTES: Final = 256 * 1024
CLIENTS: Final = 32
#: Posts from many clients, for each single one.
MANY_POSTS: Final = 20
BULK: Final = "bulk ingest, one NDJSON request, checked and acknowledged"
SINGLE: Final = "single post, p50"
MANY: Final = f"single posts, {CLIENTS} clients"


async def post_bulk(url: str, count: int, first: int = 0) -> float:
    """Post events as NDJSON in one request; returns events a second. Raises RuntimeError unless all are recorded."""
    body = ndjson(count, first)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), _CHUNK_BYTES):
            yield body[start : start + _CHUNK_BYTES]

    headers = {"content-type": "application/x-ndjson"}
    async with httpx.AsyncClient(timeout=600, trust_env=False) as client:
        start = time.perf_counter()
        answer = await client.post(f"{url}/v1/events", content=chunks(), headers=headers)
        seconds = time.perf_counter() - start
    summary: dict[str, Any] = json.loads(answer.text.splitlines()[-1])
    if summary.get("recorded") != count:
        raise RuntimeError(f"not everything was recorded: {answer.text[-2000:]}")
    return count / seconds


async def post_singly(url: str, count: int, first: int) -> list[float]:
    """Post events one by one on one connection; returns the milliseconds that each took."""
    return await asyncio.to_thread(_post_singly, url, ndjson(count, first).splitlines())


async def post_by_many(ingest: Service, count: int, first: int) -> Answered:
    """Post so many events one by one, from many clients at once."""
    bodies = ndjson(count, first).splitlines()
    posts = [request("POST", "/v1/events", body, "application/json") for body in bodies]
    return await ask_all(ingest, posts, CLIENTS, frozenset({b"201"}))


def bulk_figure(rate: float, floor: float, cpu: float) -> Figure:
    """The rate of bulk beside that of the bare producer."""
    return Figure(BULK, rate, floor, "the same records by aiokafka's batch API", "/s", published.BULK, cpu)


def single_figures(taken: Sequence[float], floor: Sequence[float]) -> list[Figure]:
    """Median and 99th percentile of single posts beside those of the bare producer."""
    return [
        Figure(
            f"single post, p{percent}",
            percentile(taken, percent),
            percentile(floor, percent),
            "the same records by aiokafka's send_and_wait",
            "ms",
            published.SINGLE if percent == 50 else (),
        )
        for percent in (50, 99)
    ]


def many_figure(answered: Answered, floor: float) -> Figure:
    """The rate of single posts from many clients beside that of the bare producer."""
    name = "the same records by as many tasks with aiokafka's send_and_wait"
    return Figure(MANY, answered.rate, floor, name, "/s", (), answered.cpu_seconds)


@dataclass(frozen=True, slots=True)
class IngestFloors:
    """What the bare producer does with the same records: in batches, some alone, and some from many tasks."""

    bulk: float
    single: list[float]
    many: float


async def floors(bootstrap_servers: str, topic: str, records: Records, singles: int) -> IngestFloors:
    """Measure all of them."""
    return IngestFloors(
        await send_in_batches(bootstrap_servers, topic, records),
        await send_one_by_one(bootstrap_servers, topic, records[:singles]),
        await send_from_many(bootstrap_servers, topic, records[: MANY_POSTS * singles], CLIENTS),
    )


def _post_singly(url: str, bodies: Sequence[bytes]) -> list[float]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    taken = []
    try:
        for body in bodies:
            start = time.perf_counter()
            connection.request("POST", "/v1/events", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            words = answer.read()
            taken.append((time.perf_counter() - start) * 1000)
            if answer.status != 201:
                raise RuntimeError(f"a post was answered {answer.status}: {words.decode()}")
    finally:
        connection.close()
    return taken
