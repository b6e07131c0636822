"""Compare: what the log has made, held against a snapshot of the live tables, in every row."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from timeline_service.adapters.postgres.comparison import PostgresComparison
from timeline_service.domain.comparisons import MAX_LISTED, Difference, digest_view, whole_digest
from timeline_service.domain.replays import offsets_view
from timeline_service.domain.snapshots import Snapshot
from timeline_service.domain.vectors import OffsetVector, reached
from timeline_service.errors import HaltError
from timeline_service.replay.attempt import Result

_TRIES: Final = 3


class RedrivenError(Exception):
    """Records were judged again meanwhile, behind the vector: the comparison is of two moments."""


async def undisturbed(compare_once: Callable[[], Awaitable[Result]], what: str) -> Result:
    """A comparison of one moment: it is begun anew, a few times, where that was not so. `what` is asked for later."""
    for _ in range(_TRIES):
        with suppress(RedrivenError):
            return await compare_once()
    raise HaltError(f"parked records are judged again all the time: {what} when that has come to an end")


async def wait_for(comparison: PostgresComparison, schema: str, vector: OffsetVector, seconds: float = 60) -> None:
    """Wait until a projection has reached a vector; raises HaltError when it does not get there."""
    deadline = time.monotonic() + seconds
    goal = {partition: offset - 1 for partition, offset in enumerate(vector) if offset}
    while not reached(await comparison.vector(schema, len(vector)), goal):
        if time.monotonic() > deadline:
            raise HaltError("the live projection has not got so far: see timeline status, and ask again")
        await asyncio.sleep(0.2)


async def compare(comparison: PostgresComparison, schema: str, snapshot: Snapshot, judged_by: str) -> Result:
    """Hold what the log has made, judged by this, in a schema, against a snapshot of the live tables.

    Raises RedrivenError.
    """
    log = await comparison.digests(schema, snapshot.vector, snapshot.documents, snapshot.digests.keys())
    checkpoints = [*snapshot.foreign, *snapshot.set_back()]
    listed: list[Difference] = [*checkpoints, *snapshot.orphans()]
    orphan_rows = snapshot.orphan_rows.counts
    rows = Counter(orphan_rows) + Counter(difference.table for difference in checkpoints)
    for table, live in snapshot.digests.items():
        if buckets := live.differing(log[table]):
            row_diff = await comparison.row_diff(schema, table, snapshot, buckets, MAX_LISTED)
            rows[table] += row_diff.rows
            listed += row_diff.listed
            if not row_diff.rows and not orphan_rows.get(table):
                rows[table] += 1
                words = "differed when the live table was digested, and no longer when its rows were read"
                listed.append(Difference(table, f"{len(buckets)} of its buckets", None, words, None, None))
    if rows and await comparison.redriven(len(snapshot.vector)) != snapshot.redriven:
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
        "differences": [difference.view() for difference in listed[:MAX_LISTED]],
        "explained": await comparison.explained(schema, snapshot.vector),
        "next_offsets": offsets_view(snapshot.vector),
        "code_version": judged_by,
    }


def uncompared(judged_by: str) -> Result:
    """The result where there is nothing that this code could compare with."""
    nothing: dict[str, Any] = dict.fromkeys(("equal", "digest", "log_digest", "rows", "next_offsets"))
    return nothing | {"tables": [], "differences": [], "code_version": judged_by}
