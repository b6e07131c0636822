"""Reads measured from outside, over HTTP: on a filled database, and on a small one of the same shape."""

import asyncio
import statistics
import time
from typing import Final

from tests.bench.figures import Figure, Reading
from tests.bench.filled_service import FilledService
from tests.bench.filled_tables import LARGEST
from tests.bench.memory import memory_figure
from tests.bench.reading_floors import (
    BarePages,
    bare_pages,
    copy_documents,
    round_trip,
    rows_of_pair,
    summary_of_pair,
)
from tests.bench.reading_pages import SUMMARY, Read, reads

from timeline_service.adapters.postgres.database import close_pool, open_pool
from timeline_service.adapters.postgres.search_documents import PostgresDocuments

_BUDGET_SECONDS: Final = 4.0
_DOCUMENTS: Final = 500


async def measure_reads(
    few: FilledService, many: FilledService, repetitions: int
) -> tuple[list[Reading], list[Figure]]:
    """Measure all reads of many events, and of few of them, each so often or for a few seconds."""
    async with bare_pages(many.url) as bare:
        beside = {read.name: statistics.median(await _take(few, read, repetitions)) for read in (*reads(), SUMMARY)}
        readings = []
        for read in reads():
            taken = await _take(many, read, repetitions)
            floor = statistics.median(await _floor(many, bare, read, repetitions))
            name = "a round trip" if read.unchanged else "the page's SQL through asyncpg"
            readings.append(Reading(read.name, taken, floor, name, beside[read.name]))
        taken = await _take(many, SUMMARY, repetitions)
        floor = statistics.median([await summary_of_pair(many.connection) for _ in range(3)])
        readings.append(Reading(SUMMARY.name, taken, floor, "GROUP BY year, valence", beside[SUMMARY.name]))
        figures = [await _export_figure(many, form) for form in ("csv", "ndjson")]
        figures += [await _documents_figure(few), memory_figure(many.service)]
    return readings, figures


async def _take(filled: FilledService, read: Read, repetitions: int) -> tuple[float, ...]:
    """The milliseconds of each answer, the variants by turns; the first of each is not counted."""

    def take() -> tuple[float, ...]:
        targets = [filled.places.target(filled.client, variant) for variant in read.variants]
        warm = [filled.client.get(target) for target in targets]
        asked = [
            (target, {"if-none-match": answer.tag} if read.unchanged else {})
            for target, answer in zip(targets, warm, strict=True)
        ]
        taken: list[float] = []
        start = time.perf_counter()
        while len(taken) < repetitions and (time.perf_counter() - start < _BUDGET_SECONDS or len(taken) < 4):
            answers = [filled.client.get(*each) for each in asked]
            if any((answer.status == 304) != read.unchanged for answer in answers):
                raise RuntimeError(f"{read.name} was answered {[answer.status for answer in answers]}")
            taken += [answer.taken for answer in answers]
        return tuple(taken)

    return await asyncio.to_thread(take)


async def _floor(filled: FilledService, bare: BarePages, read: Read, repetitions: int) -> list[float]:
    taken: list[float] = []
    times = max(2, repetitions // len(read.variants))
    for variant in read.variants:
        if read.unchanged:
            taken += [await round_trip(filled.connection) for _ in range(times)]
            continue
        after = await asyncio.to_thread(filled.places.key, filled.client, variant)
        await bare.taken(variant.query, variant.path, after)
        taken += [await bare.taken(variant.query, variant.path, after) for _ in range(times)]
    return taken


async def _export_figure(filled: FilledService, form: str) -> Figure:
    """The largest pair as a stream, beside its rows."""
    rows = await filled.connection.fetchval("select count(*) from timeline_g1.entries where pair = $1", LARGEST)
    answer = await asyncio.to_thread(filled.client.get, f"/v1/timelines/{LARGEST}.{form}")
    lines = answer.body.count(b"\n") - (form == "csv")
    if lines != rows:
        raise RuntimeError(f"of {rows} events {lines} were exported")
    rate, floor = rows / (answer.taken / 1000), await rows_of_pair(filled.connection)
    return Figure(f"export of a pair as {form.upper()}", rate, floor, "the same rows by asyncpg, in no order", "/s")


async def _documents_figure(filled: FilledService) -> Figure:
    """All documents made again as the projector makes them."""
    held = await filled.connection.fetch("select partition from timeline_g1.checkpoints")
    floor = await copy_documents(filled.connection)
    await filled.connection.execute(
        "truncate timeline_g1.documents; update timeline_g1.search_checkpoints set next_offset = 0"
    )
    pool = await open_pool(filled.url, most=1)
    try:
        documents = PostgresDocuments(pool, 1)
        start = time.perf_counter()
        while behind := await documents.lagging([row["partition"] for row in held]):
            for partition in behind:
                await documents.feed(partition, _DOCUMENTS)
        seconds = time.perf_counter() - start
    finally:
        await close_pool(pool)
    rate = await filled.connection.fetchval("select count(*) from timeline_g1.documents") / seconds
    return Figure("documents to search, made behind the projection", rate, floor, "INSERT … SELECT, same indexes", "/s")
