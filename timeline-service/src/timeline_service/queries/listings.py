"""Lists of events in every format: a page as JSON or Atom, the whole selection as a stream in the others."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from event_schemas.records import format_time
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.api.answers import stream, whole_or_stream
from timeline_service.domain.portions import Row, portions
from timeline_service.domain.selections import Selection, SortKey
from timeline_service.domain.snippets import snippet_of
from timeline_service.domain.vectors import Moment
from timeline_service.domain.views import event_view
from timeline_service.formats import FORMATS, Document, Format
from timeline_service.formats.negotiation import NotAcceptableError, negotiate
from timeline_service.queries.paging import Page, next_link

Event = dict[str, Any]
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

    async def rows(self, limit: int) -> tuple[Sequence[Row], str | None]:
        """A page's rows, and the cursor of the next one; `views` makes events of them."""
        if self.order == "relevance":
            return await self.selections.best(self.at, self.selection, limit), None
        after = SortKey.read(self.page.key) if self.page.key else None
        rows = await self._rows(after, limit + 1)
        more = len(rows) > limit
        following = self.page.next(self.at.vector, SortKey.of(rows[limit - 1]).written()) if more else None
        return rows[:limit], following

    async def views(self, rows: Sequence[Row]) -> AsyncIterator[list[Event]]:
        """The events of rows, some at a time; no transaction is held between them."""
        for some in portions(rows):
            yield await self._views(await self.selections.contents(self.at, some))
            await asyncio.sleep(0)  # others are answered meanwhile

    async def batches(self) -> AsyncIterator[list[Event]]:
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

    async def _rows(self, after: SortKey | None, limit: int) -> Sequence[Row]:
        descending = self.order == "desc"
        return await self.selections.page(self.at, self.selection, descending=descending, after=after, limit=limit)

    async def _views(self, rows: Iterable[Row]) -> list[Event]:
        events = [event_view(row) for row in rows]
        if self.selection.words is not None:
            for number, event in enumerate(events):
                if number % _SNIPPETS == 0:
                    await asyncio.sleep(0)  # others are answered meanwhile
                event["snippet"] = snippet_of(event, self.selection.words.words)
        return events


async def write_listing(
    request: Request, moment: Moment, listing: Listing, form: str, title: str, limit: int | None, tag: str
) -> Response:
    """A listing in a format of FORMATS. `moment` is what the answer says of its position."""
    writer = FORMATS[form]
    base = str(request.base_url).rstrip("/")
    url = str(request.url)
    if writer.paged or limit is not None:
        rows, following = await listing.rows(limit or PAGE)
        document = Document(
            title,
            url,
            base,
            first_url=str(request.url.remove_query_params("cursor")),
            next_url=str(request.url.include_query_params(cursor=following)) if following else None,
            updated=max((format_time(row["recorded_at"]) for row in rows), default=None),
        )
        chunks = _chunks(writer, document, [], listing.views(rows))
        headers = next_link(request, following)
        size = content_size(rows)
        return await whole_or_stream(
            request, moment, chunks, size, headers=headers, tag=tag, media_type=writer.media_type
        )
    batches = listing.batches()
    first: list[Event] = await anext(batches, [])  # so that what cannot be read at all is refused in order
    chunks = _chunks(writer, Document(title, url, base), first, batches)
    return stream(request, moment, chunks, tag=tag, media_type=writer.media_type)


async def _chunks(
    writer: Format, document: Document, first: list[Event], batches: AsyncIterator[list[Event]]
) -> AsyncIterator[bytes]:
    yield writer.begin(document)
    if first:
        yield writer.write(document, first, first=True)
    written = bool(first)
    async for events in batches:
        yield writer.write(document, events, first=not written)
        written = True
    yield writer.end(document)


def content_size(rows: Sequence[Row]) -> int:
    """The bytes of all contents of a page's rows."""
    return sum(row["size"] for row in rows)


def form_of(request: Request) -> str:
    """The format that a request asks for, by its suffix or else by its Accept header; raises NotAcceptableError."""
    template: str = request.scope["route"].path_format
    suffix = template.rsplit("/", 1)[1].partition(".")[2]
    return suffix or negotiate(",".join(request.headers.getlist("accept")) or None)


def refuse_suffix(segment: str) -> None:
    """Raises NotAcceptableError for a suffix that no format has."""
    _, dot, suffix = segment.partition(".")
    if dot:
        there = ", ".join(f".{form}" for form in ("json", *FORMATS))
        raise NotAcceptableError(f".{suffix[:80]} is none of the formats that there are: {there}")


def add_listing(
    router: APIRouter,
    path: str,
    summary: str,
    handler: Callable[..., Any],
    responses: Callable[[str | None], dict[int | str, dict[str, Any]]],
) -> None:
    """Route a listing in all its formats: by `Accept` at `path`, and by a suffix for each.

    `responses` describe the answers in one format, or for None in whichever is accepted.
    """
    for form in (*sorted(FORMATS, key=len, reverse=True), "json", None):  # `.timelinejs.json` before `.json`
        router.add_api_route(
            f"{path}.{form}" if form else path,
            handler,
            methods=["GET"],
            summary=f"{summary}, as {form}" if form else summary,
            name="_".join((handler.__name__, *(form or "").split("."))).strip("_"),
            response_class=Response,
            responses=responses(form),
        )
