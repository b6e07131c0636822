"""What is sent to the timeline service: small JSON, read strictly."""

from typing import Any, Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from event_schemas.errors import UnreadableError
from event_schemas.json_text import read_json
from service_edge.media_types import media_type
from timeline_service.api.responses import JSON
from timeline_service.errors import RefusedError, TooLargeError

MAX_BYTES: Final = 64 * 1024


async def read_value(request: Request) -> Any:
    """The value of a JSON body; raises UnreadableError, TooLargeError and, for another media type, ProblemError."""
    return read_json(await _read(request))


async def read_nothing(request: Request) -> None:
    """Of a request that has nothing to say but `{}`, or not even that; raises RefusedError, and as above."""
    if (await _read(request)).translate(None, b" \t\r\n") not in (b"", b"{}"):
        raise RefusedError("/body", "expected an empty object: {}")


async def _read(request: Request) -> bytes:
    media_type(request.headers.get("content-type"), [JSON])
    body = bytearray()
    size = 0
    try:
        async for part in request.stream():  # also behind what is too much, so that its sender gets to our answer
            size += len(part)
            if size <= MAX_BYTES:
                body += part
    except ClientDisconnect as error:
        raise UnreadableError("the body broke off before its end: send it again, whole") from error
    if size > MAX_BYTES:
        raise TooLargeError(f"a body is at most {MAX_BYTES} bytes (64 KiB), this one has {size}")
    return bytes(body)
