"""The body of a form as a browser sends it (HTML: application/x-www-form-urlencoded)."""

from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.requests import ClientDisconnect

from event_schemas.errors import UnreadableError
from service_edge.media_types import media_type
from timeline_service.errors import TooLargeError

FORM: Final = "application/x-www-form-urlencoded"
MAX_FORM_BYTES: Final = 1024 * 1024
_MAX_FIELDS: Final = 1_000
Form = list[tuple[str, str]]


async def read_form(request: Request) -> Form:
    """The fields in their order, trimmed, with the line ends of this system.

    Raises UnreadableError, TooLargeError and, for another media type, ProblemError.
    """
    media_type(request.headers.get("content-type"), [FORM])
    body = bytearray()
    try:
        async for part in request.stream():
            if len(body) <= MAX_FORM_BYTES:
                body += part
    except ClientDisconnect as error:
        raise UnreadableError("the form broke off before its end: send it again, whole") from error
    if len(body) > MAX_FORM_BYTES:
        raise TooLargeError(f"a form is at most {MAX_FORM_BYTES} bytes (1 MiB)")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise UnreadableError(f"the form cannot be read: {error}") from error
    return [(name, value.replace("\r\n", "\n").strip()) for name, value in fields]
