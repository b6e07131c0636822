"""Loads: those there were, and what became of one."""

from collections.abc import Sequence

from timeline_service.domain.vectors import ReadPoint, vector_of
from timeline_service.errors import UnknownBatchError
from timeline_service.queries.paging import Page
from timeline_service.queries.read_points import Awaited
from timeline_service.queries.selections import read_batch
from timeline_service.queries.views.batches import BatchView, WholeBatchView, batch_view, whole_batch_view


async def list_batches(awaited: Awaited, page: Page, limit: int) -> tuple[ReadPoint, Sequence[BatchView], str | None]:
    """A page of loads by name, each as it is now; the read point comes first, the cursor of the next page last.

    A count tells nothing of the past, so later pages are of later moments. No load is on two of them for that.
    """
    awaited = awaited.within(page.query.get("generation"))
    now = await awaited.read_point()
    page.read_point(now)  # refuses a cursor of another generation, or of what is not there yet
    after = str(page.key[0]) if page.key else ""
    offsets, rows = await awaited.sources.batches.page(now, after, limit + 1)
    at = ReadPoint(now.generation, vector_of(offsets, len(now.vector)))
    following = page.next(at.vector, (rows[limit - 1].name,)) if len(rows) > limit else None
    return at, [batch_view(row) for row in rows[:limit]], following


async def find_batch(awaited: Awaited, name: str) -> tuple[ReadPoint, WholeBatchView]:
    """What became of a load, and when that is true; raises RefusedError and UnknownBatchError."""
    read_batch("name", name)
    now = await awaited.read_point()
    offsets, parts = await awaited.sources.batches.one(now, name)
    if not parts:
        raise UnknownBatchError(f"no record names the load {name}: /v1/batches lists those there are")
    return ReadPoint(now.generation, vector_of(offsets, len(now.vector))), whole_batch_view(name, parts)
