"""Lists of events in every format: a page as JSON or Atom, the whole selection as a stream in the others."""

from collections.abc import AsyncIterator, Callable, Collection
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from event_schemas.records import format_time
from timeline_service.api.paging import next_link
from timeline_service.api.responses import stream, tag_of, whole_or_stream
from timeline_service.domain.vectors import ReadPoint
from timeline_service.formats import FORMATS, Format, FormatContext
from timeline_service.formats.negotiation import NotAcceptableError, negotiate
from timeline_service.queries.listings import PAGE, Listing, content_size
from timeline_service.queries.pairs import pair_of
from timeline_service.queries.views.events import EventView

#: What an address of a document says, and that of a page does not.
_OF_DOCUMENTS: Final = ("cursor", "limit", "count", "min_position")


async def write_listing(
    request: Request, listing: Listing, form: str, title: str, limit: int | None, tag: str, page_path: str
) -> Response:
    """A listing in a format of FORMATS. People see the same selection on the page at `page_path`."""
    writer = FORMATS[form]
    base = str(request.base_url).rstrip("/")
    url = str(request.url)
    page_url = str(request.url.replace(path=page_path).remove_query_params(_OF_DOCUMENTS))
    if writer.paged or limit is not None:
        rows, following = await listing.rows(limit or PAGE)
        document = FormatContext(
            title,
            url,
            base,
            first_url=str(request.url.remove_query_params("cursor")),
            next_url=str(request.url.include_query_params(cursor=following)) if following else None,
            updated=max((format_time(row.recorded_at) for row in rows), default=None),
            page_url=page_url,
        )
        chunks = _chunks(writer, document, [], listing.views(rows))
        headers = next_link(request, following)
        size = content_size(rows)
        return await whole_or_stream(
            request, listing.now, chunks, size, headers=headers, tag=tag, media_type=writer.media_type
        )
    batches = listing.batches()
    first: list[EventView] = await anext(batches, [])  # so that what cannot be read at all is refused in order
    chunks = _chunks(writer, FormatContext(title, url, base, page_url=page_url), first, batches)
    return stream(request, listing.now, chunks, tag=tag, media_type=writer.media_type)


async def _chunks(
    writer: Format, document: FormatContext, first: list[EventView], batches: AsyncIterator[list[EventView]]
) -> AsyncIterator[bytes]:
    yield writer.begin(document)
    if first:
        yield writer.write(document, first, first=True)
    written = bool(first)
    async for events in batches:
        yield writer.write(document, events, first=not written)
        written = True
    yield writer.end(document)


def form_of(request: Request, offered: Collection[str] = ("json", *FORMATS)) -> str:
    """The format that a request asks for, by its suffix or else by its Accept header; raises NotAcceptableError."""
    template: str = request.scope["route"].path_format
    suffix = template.rsplit("/", 1)[1].partition(".")[2]
    return suffix or negotiate(",".join(request.headers.getlist("accept")) or None, offered)


def order_of(order: str | None, form: str) -> str | None:
    """The order of a listing, None for the contract's. Whoever follows a feed sees its first page: what is new."""
    given = order or ("newest" if form == "atom" else "asc")
    return given if given != "asc" else None


def refuse_suffix(segment: str) -> None:
    """Raises NotAcceptableError for a suffix that no format has."""
    _, dot, suffix = segment.partition(".")
    if dot:
        there = ", ".join(f".{form}" for form in ("json", *FORMATS))
        raise NotAcceptableError(f".{suffix[:80]} is none of the formats that there are: {there}")


def read_pair(text: str) -> str:
    """A pair's canonical name; raises UnknownPairError, and NotAcceptableError for a suffix that no format has."""
    refuse_suffix(text)
    return pair_of(text)


def pair_tag(request: Request, at: ReadPoint, form: str, language: str) -> str:
    """The ETag of what is read of a pair: it changes with the question and with the records that touched the pair."""
    query = sorted(request.query_params.multi_items())
    return tag_of(
        str(request.url.replace(query="")), str(query), form, language, at.vector, (at.generation, at.redriven)
    )


def add_listing(
    router: APIRouter,
    path: str,
    summary: str,
    handler: Callable[..., Any],
    responses: Callable[[str | None], dict[int | str, dict[str, Any]]],
    forms: Collection[str] = tuple(FORMATS),
) -> None:
    """Route a listing in all its formats: by `Accept` at `path`, and by a suffix for each; in JSON anyway.

    `responses` describe the answers in one format, or for None in whichever is accepted.
    """
    for form in (*sorted(forms, key=len, reverse=True), "json", None):  # `.timelinejs.json` before `.json`
        router.add_api_route(
            f"{path}.{form}" if form else path,
            handler,
            methods=["GET"],
            summary=f"{summary}, as {form}" if form else summary,
            name="_".join((handler.__name__, *(form or "").split("."))).strip("_"),
            response_class=Response,
            responses=responses(form),
        )
