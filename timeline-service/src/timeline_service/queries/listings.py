"""Lists of events: a page, or the whole selection, some at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson

from timeline_service.adapters.postgres.rows import FoundRow
from timeline_service.domain.portions import portions
from timeline_service.domain.revisions import Revision
from timeline_service.domain.selections import Selection, SortKey
from timeline_service.domain.snippets import snippet_of
from timeline_service.domain.vectors import PairPoint, ReadPoint
from timeline_service.errors import RefusedError
from timeline_service.queries.orders import ByDate, Newest, Order
from timeline_service.queries.paging import Page, pair_point_of, read_point_of
from timeline_service.queries.read_points import Awaited
from timeline_service.queries.selections import read_selection
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.events import EventView, FoundView, event_json, event_view

PAGE: Final = 50
MAX_RELEVANT: Final = 1000
_BATCH: Final = 1000
_SNIPPETS: Final = 20
_BY_DATE: Final = ("asc", "desc")


@dataclass(frozen=True, slots=True)
class Listing:
    """Events of a selection at a read point, and the page of them that is asked for.

    `now` is how far what answers has got; all pages share `at`. `ahead` are the page's rows, and one more if there is,
    where they were read together with that.
    """

    sources: Sources
    now: ReadPoint
    at: ReadPoint
    selection: Selection
    page: Page
    order: str
    ahead: Sequence[FoundRow] | None = None

    async def rows(self, limit: int) -> tuple[Sequence[FoundRow], str | None]:
        """A page's rows, and the cursor of the next one; `views` makes events of them."""
        if self.order == "relevance":
            return await self.sources.selections.best(self.at, self.selection, limit), None
        rows = self.ahead if self.ahead is not None else await self._order.rows(self.page.key, limit + 1)
        if len(rows) <= limit:
            return rows, None
        following = self._order.behind(self.page.key, rows[:limit])
        return rows[:limit], self.page.next(self.at.vector, following)

    async def head(self, following: str | None, *, counted: bool) -> FoundView:
        """The page without its events; `counted`: with the number of those on all pages."""
        view: FoundView = {"items": [], "next": following}
        if self.page.as_of is not None:
            view["as_of"] = self.page.as_of
        if counted:
            view["count"] = await self.sources.selections.count(self.at, self.selection)
        return view

    async def views(self, rows: Sequence[FoundRow]) -> AsyncIterator[list[EventView]]:
        """The events of rows, some at a time; no transaction is held between them."""
        for some in portions(rows):
            yield await self._views(await self.sources.selections.contents(self.at, some))
            await asyncio.sleep(0)  # others are answered meanwhile

    async def written(self, rows: Sequence[FoundRow]) -> AsyncIterator[list[bytes]]:
        """The same as JSON, of which each is written by itself."""
        if self.selection.words is not None:
            async for events in self.views(rows):
                yield [orjson.dumps(event) for event in events]
            return
        for some in portions(rows):
            yield [event_json(row) for row in await self.sources.selections.contents(self.at, some)]
            await asyncio.sleep(0)  # others are answered meanwhile

    async def batches(self) -> AsyncIterator[list[EventView]]:
        """All events from the page on, some at a time; no transaction is held between them."""
        if self.order == "relevance":
            rows, _ = await self.rows(MAX_RELEVANT)
            async for events in self.views(rows):
                yield events
            return
        place = self.page.key
        while True:
            rows = await self._order.rows(place, _BATCH)
            async for events in self.views(rows):
                yield events
            if len(rows) < _BATCH:
                return
            place = self._order.behind(place, rows)

    @property
    def _order(self) -> Order:
        selected = (self.sources.selections, self.at, self.selection)
        return Newest(*selected) if self.order == "newest" else ByDate(*selected, self.order == "desc")

    async def _views(self, rows: Iterable[Revision]) -> list[EventView]:
        events = [event_view(row) for row in rows]
        if self.selection.words is not None:
            for number, event in enumerate(events):
                if number % _SNIPPETS == 0:
                    await asyncio.sleep(0)  # others are answered meanwhile
                event["snippet"] = snippet_of(event, self.selection.words.words)
        return events


async def list_timeline(awaited: Awaited, page: Page, pair: str, ahead: int | None = None) -> Listing:
    """A pair's events. Their read point is the least at which they read so: it stays while nothing touches the pair.

    `ahead`: of how many rows the page is that is surely wanted, so that it can be read together with its read point.
    """
    selection, order = read_selection(page.query, pair), page.query.get("order", "asc")
    at_once = page.asks_now and not selection.searches and not awaited.sources.selections.reads_replicas
    if ahead is not None and order in _BY_DATE and at_once:
        point, rows = await _at_once(awaited.sources, page, selection, ahead)
        if awaited.got_to(point.now):
            return Listing(awaited.sources, point.now, _at(page, point), selection, page, order, rows)
    point = await pair_point_of(awaited, page, selection, pair)
    return Listing(awaited.sources, point.now, _at(page, point), selection, page, order)


def _at(page: Page, point: PairPoint) -> ReadPoint:
    return replace(page.read_point(point.now), vector=page.vector or point.narrow)


async def _at_once(
    sources: Sources, page: Page, selection: Selection, limit: int
) -> tuple[PairPoint, Sequence[FoundRow]]:
    """How far the live generation is, with so many rows of a page and one more."""
    descending, after = page.query.get("order") == "desc", SortKey.read(page.key) if page.key else None
    return await sources.reader.of_readable(
        lambda generation: sources.selections.page_now(
            generation, selection, at=page.vector, descending=descending, after=after, limit=limit + 1
        )
    )


async def list_found(awaited: Awaited, page: Page) -> Listing:
    """Events of all pairs; raises RefusedError."""
    selection = read_selection(page.query)
    order = page.query.get("order", "asc")
    if order == "relevance" and selection.words is None:
        raise RefusedError("/order", "relevance is of words: give q as well, or take asc, desc or newest")
    now = await read_point_of(awaited, page, selection, across=True)
    return Listing(awaited.sources, now, page.read_point(now), selection, page, order)


def content_size(rows: Sequence[FoundRow]) -> int:
    """The bytes of all contents of a page's rows."""
    return sum(row.size for row in rows)
