"""Answers: bodies and streams with their position, a strong ETag, and the coding that the caller takes."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

import orjson
import structlog
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from service_edge.access.callers import caller_of
from service_edge.access.gate import Gate
from service_edge.encodings import WORTHWHILE, accepts_gzip, encoded_tag, gzip_bytes, gzip_stream
from service_edge.event_streams import HEADERS, MEDIA_TYPE, EventStream, EventStreams
from service_edge.validators import matches
from timeline_service.code_version import release
from timeline_service.domain.portions import WHOLE_BYTES
from timeline_service.domain.vectors import ReadPoint, timeline_position
from timeline_service.errors import UnavailableError

_LOG: Final = structlog.get_logger()
_VARY: Final = "Accept, Accept-Encoding, Accept-Language"
JSON: Final = "application/json"


def answer(
    request: Request,
    point: ReadPoint,
    body: Any,
    *,
    headers: dict[str, str] | None = None,
    status: int = 200,
    tag: str | None = None,
    media_type: str = JSON,
) -> Response:
    """An answer with its position and a strong ETag; 304 without a body if the caller has it already.

    The body is bytes, or what is written as JSON. Its own digest is its tag unless there is a better one.
    """
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    gzip = accepts_gzip(request.headers.get("accept-encoding")) and len(content) >= WORTHWHILE
    tag = encoded_tag(tag or tag_of(content), gzip)
    shared = shared_headers(point, tag) | (headers or {})
    if unchanged(request, tag):
        return Response(status_code=304, headers=shared)
    if gzip:
        content, shared = gzip_bytes(content), shared | {"content-encoding": "gzip"}
    return Response(content, status, shared, media_type)


def stream(
    request: Request,
    point: ReadPoint,
    chunks: AsyncIterator[bytes],
    *,
    headers: dict[str, str] | None = None,
    tag: str,
    media_type: str,
) -> Response:
    """A body of any length as it comes; 304 as above. Where it breaks off, so does the connection."""
    gzip = accepts_gzip(request.headers.get("accept-encoding"))
    tag = encoded_tag(tag, gzip)
    shared = shared_headers(point, tag) | (headers or {})
    if unchanged(request, tag):
        return Response(status_code=304, headers=shared)
    if request.scope.get("head"):
        chunks = _nothing()
    if gzip:
        chunks, shared = gzip_stream(chunks), shared | {"content-encoding": "gzip"}
    return _Stream(chunks, 200, shared, media_type)


async def whole_or_stream(
    request: Request,
    point: ReadPoint,
    chunks: AsyncIterator[bytes],
    size: int,
    *,
    headers: dict[str, str] | None = None,
    tag: str,
    media_type: str = JSON,
) -> Response:
    """A body of contents of so many bytes, which comes in chunks: in one piece, or as a stream where they are many."""
    if size > WHOLE_BYTES:
        return stream(request, point, chunks, headers=headers, tag=tag, media_type=media_type)
    body = b"".join([chunk async for chunk in chunks])
    return answer(request, point, body, headers=headers, tag=tag, media_type=media_type)


async def with_items(body: Mapping[str, Any], items: AsyncIterator[Sequence[Any]]) -> AsyncIterator[bytes]:
    """A body as JSON in chunks, its empty `items` filled with those that come, unless they are written already."""
    # No string can hold this: there, a quotation mark has a backslash before it.
    begin, here, end = orjson.dumps(body).partition(b'"items":[]')
    assert here
    yield begin + b'"items":['
    comma = b""
    async for some in items:
        if some:
            yield comma + b",".join([item if isinstance(item, bytes) else orjson.dumps(item) for item in some])
            comma = b","
    yield b"]" + end


def filed(request: Request, replay: Mapping[str, Any]) -> Response:
    """The answer that a replay is filed, and where it is found."""
    return answer(request, ReadPoint(0, ()), replay, headers={"location": f"/v1/replays/{replay['id']}"}, status=202)


def event_stream(
    request: Request, streams: EventStreams, pieces: AsyncGenerator[bytes, None], headers: Mapping[str, str]
) -> Response:
    """Server-sent events; of a HEAD only what stands above them."""
    if request.scope.get("head"):
        head = Response(headers={**HEADERS, **headers}, media_type=MEDIA_TYPE)
        del head.headers["content-length"]  # a stream has none
        return head
    return EventStream(_while_admitted(request, pieces), streams, headers)


async def _while_admitted(request: Request, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The pieces for as long as their listener's credential lasts; of who comes again it is asked anew."""
    gate: Gate = request.app.state.gate
    caller = caller_of(request)
    async with aclosing(pieces):
        async for piece in pieces:
            if not await gate.still_admits(request.scope, caller):
                return
            yield piece


class _Stream(StreamingResponse):
    """A stream that nobody takes for whole where the database goes away: the server closes what was not ended."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except UnavailableError as error:
            _LOG.warning("export broke off", path=scope["path"], reason=str(error))


def known_already(
    request: Request, point: ReadPoint, tag: str, headers: dict[str, str] | None = None
) -> Response | None:
    """304 if the caller has what the tag stands for, in any coding: known before anything was read."""
    for coded in (encoded_tag(tag, gzip) for gzip in (False, True)):
        if unchanged(request, coded):
            return Response(status_code=304, headers=shared_headers(point, coded) | (headers or {}))
    return None


def shared_headers(point: ReadPoint, tag: str) -> dict[str, str]:
    """The headers of every answer."""
    shared = {"etag": tag, "cache-control": "no-cache", "vary": _VARY}
    if position := timeline_position(point.vector):
        shared["timeline-position"] = position
    return shared


def unchanged(request: Request, tag: str) -> bool:
    """Whether the request names this ETag in If-None-Match."""
    return request.method in {"GET", "HEAD"} and matches(",".join(request.headers.getlist("if-none-match")), tag)


def tag_of(*parts: bytes | str | Sequence[int]) -> str:
    """A strong ETag of whatever determines a body, in the hands of this release."""
    digest = hashlib.sha256(release().encode())
    for part in parts:
        raw = part if isinstance(part, bytes) else orjson.dumps(part)
        digest.update(len(raw).to_bytes(8) + raw)
    return f'"{digest.hexdigest()[:32]}"'


async def _nothing() -> AsyncIterator[bytes]:
    none: tuple[bytes, ...] = ()
    for chunk in none:
        yield chunk
