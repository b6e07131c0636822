"""Lists of events: a page, or the whole selection, some at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from timeline_service.adapters.postgres.rows import FoundRow
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.domain.portions import portions
from timeline_service.domain.revisions import Revision
from timeline_service.domain.selections import Selection, SortKey
from timeline_service.domain.snippets import snippet_of
from timeline_service.domain.vectors import Moment
from timeline_service.queries.paging import Page
from timeline_service.queries.views.events import EventView, event_view

PAGE: Final = 50
MOST_RELEVANT: Final = 1000
_BATCH: Final = 1000
_SNIPPETS: Final = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """Events of a selection at a moment: where they are read from, and the page that is asked for."""

    selections: PostgresSelections
    at: Moment
    selection: Selection
    page: Page
    order: str

    async def rows(self, limit: int) -> tuple[Sequence[FoundRow], str | None]:
        """A page's rows, and the cursor of the next one; `views` makes events of them."""
        if self.order == "relevance":
            return await self.selections.best(self.at, self.selection, limit), None
        after = SortKey.read(self.page.key) if self.page.key else None
        rows = await self._rows(after, limit + 1)
        more = len(rows) > limit
        following = self.page.next(self.at.vector, SortKey.of(rows[limit - 1]).written()) if more else None
        return rows[:limit], following

    async def views(self, rows: Sequence[FoundRow]) -> AsyncIterator[list[EventView]]:
        """The events of rows, some at a time; no transaction is held between them."""
        for some in portions(rows):
            yield await self._views(await self.selections.contents(self.at, some))
            await asyncio.sleep(0)  # others are answered meanwhile

    async def batches(self) -> AsyncIterator[list[EventView]]:
        """All events from the page on, some at a time; no transaction is held between them."""
        if self.order == "relevance":
            rows, _ = await self.rows(MOST_RELEVANT)
            async for events in self.views(rows):
                yield events
            return
        after = SortKey.read(self.page.key) if self.page.key else None
        while True:
            rows = await self._rows(after, _BATCH)
            async for events in self.views(rows):
                yield events
            if len(rows) < _BATCH:
                return
            after = SortKey.of(rows[-1])

    async def _rows(self, after: SortKey | None, limit: int) -> Sequence[FoundRow]:
        descending = self.order == "desc"
        return await self.selections.page(self.at, self.selection, descending=descending, after=after, limit=limit)

    async def _views(self, rows: Iterable[Revision]) -> list[EventView]:
        events = [event_view(row) for row in rows]
        if self.selection.words is not None:
            for number, event in enumerate(events):
                if number % _SNIPPETS == 0:
                    await asyncio.sleep(0)  # others are answered meanwhile
                event["snippet"] = snippet_of(event, self.selection.words.words)
        return events


def content_size(rows: Sequence[FoundRow]) -> int:
    """The bytes of all contents of a page's rows."""
    return sum(row.size for row in rows)
