"""The export of the log measured beside a consumer that only reads it."""

import asyncio
import time
from typing import Final

from aiokafka import AIOKafkaConsumer
from tests.bench.figures import Figure
from tests.bench.reads.reading_client import ReadingClient
from tests.support.running.processes import Service, Services

_FETCH_BYTES: Final = 4 * 1024 * 1024


async def export_figure(services: Services, timeline: Service, records: int) -> Figure:
    """All partitions exported, one after the other; raises RuntimeError unless all records come."""
    rate = await asyncio.to_thread(_export, timeline.url, records)
    floor = await _consume(services.bootstrap_servers, services.topic, records)
    return Figure("export of the log, as NDJSON with hashes", rate, floor, "the same by a bare aiokafka consumer", "/s")


def _export(url: str, records: int) -> float:
    client = ReadingClient(url)
    try:
        partitions = [item["partition"] for item in client.get("/v1/status").json["partitions"]]
        start, lines = time.perf_counter(), 0
        for partition in partitions:
            lines += client.get(f"/v1/log/export?partition={partition}").body.count(b'\n{"position":')
        seconds = time.perf_counter() - start
    finally:
        client.close()
    if lines != records:
        raise RuntimeError(f"of {records} records {lines} were exported")
    return records / seconds


async def _consume(bootstrap_servers: str, topic: str, records: int) -> float:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest", max_partition_fetch_bytes=_FETCH_BYTES
    )
    await consumer.start()
    try:
        start, read = time.perf_counter(), 0
        while read < records:
            read += sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
        return read / (time.perf_counter() - start)
    finally:
        await consumer.stop()
