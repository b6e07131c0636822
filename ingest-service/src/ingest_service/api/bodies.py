"""Reading request bodies: whole within a limit, or line by line in constant memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import Request

from event_schemas.events import MAX_EVENT_BYTES
from event_schemas.json_text import read_json
from ingest_service.errors import BadParameterError, TooLargeError
from service_edge.problems import UNSUPPORTED_MEDIA_TYPE, ProblemError

MAX_BODY_BYTES: Final = 8 * 1024 * 1024
#: How much of a body that is too large is read on, so that its sender gets to our answer.
_DRAINED_BYTES: Final = 64 * 1024 * 1024
_LONG_BYTES: Final = 64 * 1024


async def read_body(request: Request) -> bytes:
    """The whole body; raises TooLargeError above 8 MiB."""
    require_identity(request)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= MAX_BODY_BYTES:
            parts.append(part)
        elif size > _DRAINED_BYTES:
            break
        else:
            parts.clear()
    if size > MAX_BODY_BYTES:
        raise TooLargeError(
            f"a JSON body is at most {MAX_BODY_BYTES} bytes (8 MiB): send many events as application/x-ndjson"
        )
    return b"".join(parts)


async def read_lines(request: Request) -> AsyncIterator[tuple[int, bytes | None]]:
    """The lines of the body that are not blank, numbered from 1; None stands for one of over 256 KiB."""
    require_identity(request)
    number, held, overlong = 0, bytearray(), False
    async for part in request.stream():
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


async def read_value(request: Request) -> tuple[Any, int]:
    """The JSON value in the body and the body's size; raises TooLargeError and UnreadableError."""
    body = await read_body(request)
    # Others are answered while a long text is read.
    return (await asyncio.to_thread(read_json, body) if len(body) > _LONG_BYTES else read_json(body)), len(body)


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
