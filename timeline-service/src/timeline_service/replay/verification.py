"""Verify: the log folded into a shadow, and every table of the live projection held against it."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from event_schemas.positions import format_position
from timeline_service.adapters.postgres.comparison import PostgresComparison, Snapshot
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.code_version import code_version
from timeline_service.domain.comparisons import MOST_LISTED, Difference, digest_view, whole_digest
from timeline_service.domain.replays import offsets_view
from timeline_service.domain.vectors import Vector, reached
from timeline_service.errors import HaltError
from timeline_service.replay.loading.workers import cores, start_workers
from timeline_service.replay.scratch import scratch_tables
from timeline_service.replay.task import Task

_ATTEMPTS: Final = 3


class RedrivenError(Exception):
    """Records were judged again meanwhile, behind the vector: the comparison is of two moments."""


async def verify(task: Task) -> dict[str, Any]:
    """The result of a verification. Raises HaltError where the log cannot be replayed."""
    live = await task.generations.live()
    if live is None or not live.mine:
        raise HaltError("the live generation was made by code of another shape: rebuild it with this code first")
    for _ in range(_ATTEMPTS):
        try:
            return await _verify(task, generation_schema(live.n))
        except RedrivenError:
            continue
    raise HaltError("parked records are judged again all the time: verify when that has come to an end")


async def _verify(task: Task, live: str) -> dict[str, Any]:
    topic = await task.topic()
    ends = await task.ends(topic)
    comparison = PostgresComparison(task.url, live, task.scratch)
    until = await task.until(topic, ends)
    if until is not None:
        task.recorder.phase("waiting for the live projection")
        await wait_for(comparison, live, until)
    async with scratch_tables(task.pool, task.scratch):
        task.recorder.phase("digesting the live tables")
        snapshot = await comparison.snapshot(topic, code_version(), partial(task.ends, topic), until)
        if snapshot.parked_elsewhere:
            raise HaltError(
                f"{snapshot.parked_elsewhere} records are parked by other code than this replayer's, {code_version()}: "
                "let a projector of the same release judge them first"
            )
        task.recorder.phase("folding the log")
        ends = await task.ends(topic)  # the projection may have read on
        goal = tuple(map(min, snapshot.vector, ends))
        async with start_workers(task.settings, max(1, cores(2 * len(goal)) // 2)) as workers:
            await task.load(workers, task.scratch, topic, goal)
        task.recorder.phase("comparing")
        return await compare(comparison, task.scratch, snapshot)


async def wait_for(comparison: PostgresComparison, schema: str, vector: Vector, seconds: float = 60) -> None:
    """Wait until a projection has reached a vector; raises HaltError when it does not get there."""
    deadline = time.monotonic() + seconds
    goal = {partition: offset - 1 for partition, offset in enumerate(vector) if offset}
    while not reached((await comparison.vectors(schema, len(vector)))[0], goal):
        if time.monotonic() > deadline:
            raise HaltError("the live projection has not got so far: see timeline status, and ask again")
        await asyncio.sleep(0.2)


async def compare(comparison: PostgresComparison, schema: str, snapshot: Snapshot) -> dict[str, Any]:
    """Hold what the log has made, in a schema, against a snapshot of the live tables; raises RedrivenError."""
    log = await comparison.digests(schema, snapshot.vector, snapshot.documents, snapshot.digests.keys())
    checkpoints = [*snapshot.foreign, *_set_back(snapshot)]
    listed: list[Difference] = [*checkpoints, *_strays(snapshot)]
    rows = Counter(snapshot.counts) + Counter(difference.table for difference in checkpoints)
    for table, live in snapshot.digests.items():
        if buckets := live.differing(log[table]):
            drill = await comparison.drill(schema, table, snapshot, buckets, MOST_LISTED)
            rows[table] += drill.rows
            listed += drill.listed
            if not drill.rows and not snapshot.counts.get(table):
                rows[table] += 1
                words = "differed when the live table was digested, and no longer when its rows were read"
                listed.append(Difference(table, f"{len(buckets)} of its buckets", None, words, None, None))
    if rows and await comparison.redriven() != snapshot.redriven:
        raise RedrivenError
    digests = {"digest": whole_digest(snapshot.digests).hex(), "log_digest": whole_digest(log).hex()}
    tables = [
        digest_view(table, live) | {"log_digest": log[table].digest.hex(), "differences": rows[table]}
        for table, live in snapshot.digests.items()
    ]
    tables += [
        {"table": table, "rows": None, "digest": None, "log_digest": None, "differences": count}
        for table, count in rows.items()
        if table not in snapshot.digests
    ]
    return {
        "equal": not rows and digests["digest"] == digests["log_digest"],
        **digests,
        "rows": sum(table.rows for table in snapshot.digests.values()),
        "tables": tables,
        "differences": [difference.view() for difference in listed[:MOST_LISTED]],
        "explained": await comparison.explained(schema, snapshot.vector),
        "next_offsets": offsets_view(snapshot.vector),
        "code_version": code_version(),
    }


def _set_back(snapshot: Snapshot) -> Iterator[Difference]:
    """Checkpoints of documents that documents lie beyond."""
    for partition, (held, reached_by_rows) in enumerate(zip(snapshot.held, snapshot.documents, strict=True)):
        if held < reached_by_rows:
            key, position = f"partition={partition}", format_position(partition, reached_by_rows - 1)
            yield Difference("search_checkpoints", key, "next_offset", held, reached_by_rows, position)


def _strays(snapshot: Snapshot) -> Iterator[Difference]:
    """Rows beyond the log, and checkpoints of documents beyond those of what they are made from."""
    for stray in snapshot.strays:
        position = format_position(stray.partition, stray.from_offset)
        if stray.table == "search_checkpoints":
            most = snapshot.vector[stray.partition] if stray.partition < len(snapshot.vector) else None
            yield Difference(stray.table, stray.key, "next_offset", stray.from_offset, most, None)
        else:
            offsets = {"from_offset": stray.from_offset, "until_offset": stray.until_offset}
            yield Difference(stray.table, stray.key, None, offsets, None, position)
