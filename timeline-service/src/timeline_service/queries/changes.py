"""What a reader of a pair was shown at one moment and not at another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from timeline_service.adapters.postgres.rows import ChangedRow
from timeline_service.domain.newest import place_behind
from timeline_service.domain.portions import portions
from timeline_service.domain.vectors import OffsetVector, ReadPoint, timeline_position
from timeline_service.errors import RefusedError
from timeline_service.queries.moments import Moment
from timeline_service.queries.paging import Page
from timeline_service.queries.read_points import Awaited
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.changes import ChangedView, ChangesView, changed_view

_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Changes:
    """The events of a pair that differ between a vector and a later read point, from a place on."""

    sources: Sources
    pair: str
    since: OffsetVector
    at: ReadPoint
    place: OffsetVector
    page: Page

    @property
    def retracted(self) -> bool:
        """Whether a reader is meant who is shown retracted events too."""
        return self.page.query.get("include") == "retracted"

    async def rows(self, limit: int) -> tuple[Sequence[ChangedRow], str | None]:
        """A page's rows, and the cursor of the next one; `views` tells what has changed in them."""
        rows = await self._rows(self.place, limit + 1)
        if len(rows) <= limit:
            return rows, None
        place = place_behind(self.place, rows[:limit])
        return rows[:limit], self.page.next(self.at.vector, (self.since, place))

    def head(self, following: str | None) -> ChangesView:
        """The page without its events."""
        until = self.page.query.get("until") or timeline_position(self.at.vector) or None
        since = self.page.query.get("since")
        return {"pair": self.pair, "since": since, "until": until, "items": [], "next": following}

    async def views(self, rows: Sequence[ChangedRow]) -> AsyncIterator[list[ChangedView]]:
        """What has changed in events, some at a time; no transaction is held between them."""
        for some in portions(rows):
            steps = await self.sources.changes.steps(self.at, some)
            yield [changed_view(row, steps[row.event_id]) for row in some]
            await asyncio.sleep(0)  # others are answered meanwhile

    async def batches(self) -> AsyncIterator[list[ChangedView]]:
        """All events from the page on, some at a time."""
        place = self.place
        while True:
            rows = await self._rows(place, _BATCH)
            async for views in self.views(rows):
                yield views
            if len(rows) < _BATCH:
                return
            place = place_behind(place, rows)

    async def _rows(self, place: OffsetVector, limit: int) -> Sequence[ChangedRow]:
        return await self.sources.changes.changed(
            self.at, self.since, self.pair, retracted=self.retracted, before=place, limit=limit
        )


def changes_asked(
    pair: str, since: str | None, until: str | None, include: str | None, generation: int | None
) -> dict[str, Any]:
    """The query of a page of changes, its moments written always in the same way; raises RefusedError."""
    moments = {"since": since, "until": until}
    written = {name: Moment.read(name, text).written() if text is not None else None for name, text in moments.items()}
    return {"of": f"changes of {pair}", **written, "include": include, "generation": generation}


async def list_changes(awaited: Awaited, page: Page, pair: str) -> Changes:
    """What has changed in a pair between the moments that a page's query names; raises RefusedError."""
    awaited = awaited.within(page.query.get("generation"))
    if page.key is not None:
        since, place = (tuple(vector) for vector in page.key)
        return Changes(awaited.sources, pair, since, page.read_point(await awaited.read_point()), place, page)
    start = await _read_point(awaited, page, "since")
    until = await _read_point(awaited, page, "until") or await awaited.read_point()  # which is now, after the wait
    since = start.vector if start is not None else (0,) * len(until.vector)
    for partition, (low, high) in enumerate(zip(since, until.vector, strict=True)):
        if low > high:
            raise RefusedError(
                "/since", f"is later than until, in partition {partition}: give the earlier one as since"
            )
    return Changes(awaited.sources, pair, since, until, until.vector, page)


async def _read_point(awaited: Awaited, page: Page, name: str) -> ReadPoint | None:
    text = page.query.get(name)
    return await Moment.read(name, text).read_point(awaited) if text is not None else None
