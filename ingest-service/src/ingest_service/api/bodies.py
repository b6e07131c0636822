"""Reading request bodies: whole within a limit, or line by line in constant memory."""

import asyncio
from codecs import BOM_UTF8
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from fastapi import Request

from event_schemas.errors import UnreadableError
from event_schemas.events import MAX_EVENT_BYTES
from event_schemas.json_text import read_json
from ingest_service.api.admission import Admission
from ingest_service.domain.mistaken_tables import told_as_table
from ingest_service.errors import BadParameterError, RefusedRequestError, TooLargeError
from service_edge.problems import UNSUPPORTED_MEDIA_TYPE, ProblemError

MAX_BODY_BYTES: Final = 8 * 1024 * 1024
#: How much of a body that is too large is read on, so that its sender gets to our answer.
_DRAINED_BYTES: Final = 64 * 1024 * 1024
#: A body of more holds a place.
_LONG_BYTES: Final = 64 * 1024
#: Of so many lines it is seen whether they are a table's.
_TOLD_BY: Final = 2


@asynccontextmanager
async def read_value(request: Request) -> AsyncIterator[tuple[Any, int]]:
    """The JSON value in the body, and the body's size, for as long as they are used.

    Of long ones few are read and used at once. Raises TooLargeError, UnreadableError and OverloadedError.
    """
    require_identity(request)
    admission: Admission = request.app.state.admission
    stream = aiter(request.stream())
    async with AsyncExitStack() as held:
        start, long = b"", _is_said_to_be_long(request)
        while not long and (part := await anext(stream, None)) is not None:
            start += part
            long = len(start) > _LONG_BYTES
        if not long:
            yield _read(start), len(start)
            return
        await held.enter_async_context(admission.place())
        body = await _read_long(start, admission.parts(stream))
        await held.enter_async_context(admission.slices)
        yield await asyncio.to_thread(_read, body), len(body)  # others are answered meanwhile


def read_without_bom(text: bytes) -> Any:
    """The value of a JSON text; raises UnreadableError, also for a BOM, which nobody sees who looks for a mistake."""
    if text.startswith(BOM_UTF8):
        raise UnreadableError("not JSON: it begins with a byte order mark: send UTF-8 without a BOM")
    return read_json(text)


def _read(body: bytes) -> Any:
    try:
        return read_without_bom(body)
    except UnreadableError:
        _refuse_table(body)
        raise


def _refuse_table(body: bytes) -> None:
    """Raises UnreadableError with the command that imports it, where a body is a table."""
    if (words := told_as_table(body[:_LONG_BYTES].split(b"\n")[:2])) is not None:
        raise UnreadableError(words)


async def _read_long(start: bytes, rest: AsyncIterator[bytes]) -> bytes:
    parts = [start]
    size = len(start)
    async for part in rest:
        size += len(part)
        if size <= MAX_BODY_BYTES:
            parts.append(part)
        elif size > _DRAINED_BYTES:
            break
        else:
            parts.clear()
    if size > MAX_BODY_BYTES:
        _refuse_table(start)
        raise TooLargeError(
            f"a JSON body is at most {MAX_BODY_BYTES} bytes (8 MiB): send many events as application/x-ndjson"
        )
    return b"".join(parts)


def _is_said_to_be_long(request: Request) -> bool:
    said = request.headers.get("content-length", "")
    return said.isdecimal() and int(said[:20]) > _LONG_BYTES


async def read_lines(parts: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes | None]]:
    """The lines of a body that are not blank, numbered from 1; None stands for one of over 256 KiB."""
    number, held, overlong = 0, bytearray(), False
    async for part in parts:
        lines = part.split(b"\n")
        for index, piece in enumerate(lines):
            if not overlong:
                held += piece
                if len(held) > MAX_EVENT_BYTES + 1:  # one for the CR of a CRLF
                    held, overlong = bytearray(), True
            if index == len(lines) - 1:
                break
            number += 1
            if overlong or (line := bytes(held).strip(b" \t\r")):
                yield number, None if overlong else line
            held, overlong = bytearray(), False
    if overlong or (line := bytes(held).strip(b" \t\r")):
        yield number + 1, None if overlong else line


async def no_table(lines: AsyncIterator[tuple[int, bytes | None]]) -> AsyncIterator[tuple[int, bytes | None]]:
    """The same lines; raises UnreadableError, once and before any is taken, where they are those of a table."""
    first: list[tuple[int, bytes | None]] = []
    async for line in lines:
        first.append(line)
        if len(first) == _TOLD_BY or _begins_as_json(first[0][1]):
            break
    if (words := told_as_table([line or b"" for _, line in first])) is not None:
        drained = 0
        async for _, rest in lines:  # as of a body that is too large
            drained += len(rest or b"")
            if drained > _DRAINED_BYTES:
                break
        raise UnreadableError(words)
    for line in first:
        yield line
    async for line in lines:
        yield line


def _begins_as_json(line: bytes | None) -> bool:
    return line is None or line[:1] in {b"{", b"["}


def require_identity(request: Request) -> None:
    """Raises ProblemError (415) for a compressed body."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise ProblemError(
            UNSUPPORTED_MEDIA_TYPE,
            f"content-encoding {encoding[:40]!r} is not taken: send it as it is",
            headers={"accept-encoding": "identity"},  # RFC 9110, 12.5.3
        )


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header, quoted (draft-07) or bare; raises BadParameterError."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    text = given[0].strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if len(given) > 1 or not 1 <= len(text) <= 255 or not text.isascii() or not text.isprintable():
        raise BadParameterError("/Idempotency-Key", "expected one key of 1 to 255 printable ASCII characters")
    return text


def require_no_key(key: str | None, what: str) -> None:
    """Raises RefusedRequestError where a key was given for more than one event."""
    if key is not None:
        raise RefusedRequestError(f"an Idempotency-Key is for one event, not for {what}: give each event an id instead")
