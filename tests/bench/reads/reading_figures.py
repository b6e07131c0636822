"""Reads measured from outside, over HTTP, on a filled database."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from tests.bench.figures import Figure, percentile
from tests.bench.floors.bare_reads import (
    BarePages,
    bare_pages,
    copy_documents,
    round_trip,
    rows_of_pair,
    summary_of_pair,
)
from tests.bench.many_clients import ask_all, request
from tests.bench.reads.filled_service import FilledService
from tests.bench.reads.filled_tables import LARGEST
from tests.bench.reads.reading_pages import PATH, SUMMARY, Read, reads

from timeline_service.adapters.postgres.database import close_pool, open_pool
from timeline_service.adapters.postgres.search_documents import PostgresDocuments

_DOCUMENTS: Final = 500
CLIENTS: Final = 16
PAGE: Final = "timeline, page first"


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each read is asked for, and for how many seconds at most."""

    repetitions: int
    seconds: float


async def measure_reads(filled: FilledService, effort: Effort) -> list[Figure]:
    """Measure all reads, each beside its floor."""
    async with bare_pages(filled.url, CLIENTS) as bare:
        figures = []
        for read in reads():
            taken = await take(filled, read, effort)
            floor = await _floor(filled, bare, read, effort)
            name = "a round trip" if read.unchanged else "the page's SQL through asyncpg"
            figures += [
                Figure(f"{read.name}, p{percent}", percentile(taken, percent), percentile(floor, percent), name, "ms")
                for percent in ((50, 99) if read.name == PAGE else (50,))
            ]
        taken = await take(filled, SUMMARY, effort)
        floor = [await summary_of_pair(filled.connection) for _ in range(3)]
        name = "GROUP BY year, valence"
        figures.append(Figure(f"{SUMMARY.name}, p50", percentile(taken, 50), percentile(floor, 50), name, "ms"))
        figures.append(await _many_figure(filled, bare, effort))
        figures += [await _export_figure(filled, form) for form in ("csv", "ndjson")]
        return figures


async def _many_figure(filled: FilledService, bare: BarePages, effort: Effort) -> Figure:
    """Pages from either end, asked for by many clients at once."""
    count = max(2 * CLIENTS, 10 * effort.repetitions)
    pages = [request("GET", f"{PATH}?order={order}") for order in ("asc", "desc")]
    await ask_all(filled.service, pages, 1, frozenset({b"200"}))
    asked = await ask_all(filled.service, pages * (count // 2), CLIENTS, frozenset({b"200"}))
    floor = await bare.rate(count, CLIENTS)
    name = f"pages of 50, {CLIENTS} clients, one process"
    return Figure(name, asked.rate, floor, "their SQL through asyncpg, as many tasks", "/s", (), asked.cpu_seconds)


async def take(filled: FilledService, read: Read, effort: Effort) -> tuple[float, ...]:
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
        while len(taken) < effort.repetitions and (time.perf_counter() - start < effort.seconds or len(taken) < 4):
            answers = [filled.client.get(*each) for each in asked]
            if any((answer.status == 304) != read.unchanged for answer in answers):
                raise RuntimeError(f"{read.name} was answered {[answer.status for answer in answers]}")
            taken += [answer.taken for answer in answers]
        return tuple(taken)

    return await asyncio.to_thread(take)


async def _floor(filled: FilledService, bare: BarePages, read: Read, effort: Effort) -> list[float]:
    taken: list[float] = []
    times = max(2, effort.repetitions // len(read.variants) // 2)
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


async def documents_figure(filled: FilledService) -> Figure:
    """All documents thrown away, and made again as the projector makes them."""
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
