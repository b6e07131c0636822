"""`/v1/timelines/{pair}/changes`: what a reader of a pair was shown at one moment and not at another."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from service_edge.prepared_routes import PreparedRoute
from timeline_service.api.filters import CursorText, Limit, PairPath
from timeline_service.api.holdings import Held
from timeline_service.api.listings import add_listing, form_of
from timeline_service.api.operations import changes_responses
from timeline_service.api.paging import next_link, page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.api.responses import known_already, stream, tag_of, whole_or_stream, with_items
from timeline_service.formats.changes import CHANGES_FORMATS, ChangesFormat
from timeline_service.queries.changes import changes_asked, list_changes
from timeline_service.queries.listings import PAGE
from timeline_service.queries.pairs import pair_of
from timeline_service.queries.views.changes import ChangedView

router = APIRouter(tags=["timelines"], route_class=PreparedRoute)
_MOMENTS = ["2025-07-01T00:00:00Z", "0:0"]
Since = Annotated[
    str | None,
    Query(
        description="The earlier moment: an instant (RFC 3339) or a Timeline-Position; by default the beginning.",
        examples=_MOMENTS,
    ),
]
Until = Annotated[
    str | None,
    Query(description="The later moment, written in the same way; by default now.", examples=_MOMENTS[1:]),
]


async def changes(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    pair: PairPath,
    since: Since = None,
    until: Until = None,
    include: Annotated[Literal["retracted"] | None, Query(description="For who is shown retracted events too.")] = None,
    limit: Limit | None = None,
    cursor: CursorText = None,
) -> Response:
    """Events that appeared, left or changed, the last to be revised first: each with its revisions and what differs.

    It is the difference of the two timelines, exactly: a retracted event has left, and so has one that was moved to
    other countries. Take `until` of an answer as the next `since`, and nothing is missed or told twice. JSON comes in
    pages; CSV and NDJSON hold everything unless `limit` is given.
    """
    name, form = pair_of(pair), form_of(request, ("json", *CHANGES_FORMATS))
    asked = changes_asked(name, since, until, include, awaited.generation)
    found = await list_changes(awaited, page_of(request, held, asked, cursor), name)
    at = found.at
    tag = tag_of("changes", str(request.url), form, found.since, at.vector, (at.generation, at.redriven))
    if (known := known_already(request, at, tag)) is not None:
        return known
    writer = CHANGES_FORMATS.get(form)
    if writer is not None and limit is None:
        batches = found.batches()
        first: list[ChangedView] = await anext(batches, [])  # so that what cannot be read at all is refused in order
        chunks = _chunks(writer, batches, first)
        return stream(request, at, chunks, tag=tag, media_type=writer.media_type)
    rows, following = await found.rows(limit or PAGE)
    size, headers = sum(row.size for row in rows), next_link(request, following)
    views = found.views(rows)
    if writer is not None:
        chunks, media_type = _chunks(writer, views), writer.media_type
        return await whole_or_stream(request, at, chunks, size, headers=headers, tag=tag, media_type=media_type)
    chunks = with_items(found.head(following), views)
    return await whole_or_stream(request, at, chunks, size, headers=headers, tag=tag)


async def _chunks(
    writer: ChangesFormat, batches: AsyncIterator[Sequence[ChangedView]], first: Sequence[ChangedView] = ()
) -> AsyncIterator[bytes]:
    yield writer.begin() + writer.write(first)
    async for items in batches:
        yield writer.write(items)


add_listing(
    router,
    "/v1/timelines/{pair}/changes",
    "What has changed in a pair",
    changes,
    changes_responses,
    tuple(CHANGES_FORMATS),
)
