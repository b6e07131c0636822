"""The body of a form as a browser sends it (HTML: application/x-www-form-urlencoded)."""

from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.requests import ClientDisconnect

from event_schemas.errors import Detail, UnreadableError
from service_edge.media_types import media_type
from service_edge.problems import BAD_PARAMETER, ProblemError
from timeline_service.errors import TooLargeError

FORM: Final = "application/x-www-form-urlencoded"
MAX_FORM_BYTES: Final = 1024 * 1024
_MAX_FIELDS: Final = 1_000
Form = list[tuple[str, str]]


async def read_form(request: Request, single: Collection[str] = (), lists: Collection[str] = ()) -> Form:
    """The fields in their order, trimmed, with the line ends of this system.

    `single` and `lists` are the fields that this form has: those of one value, and those that may be repeated.
    Raises UnreadableError, TooLargeError and, for another media type or other fields, ProblemError.
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
    if details := [*_mistaken([name for name, _ in fields], single, lists)]:
        raise ProblemError(BAD_PARAMETER, "; ".join(f"{item.pointer[1:]} {item.detail}" for item in details), details)
    return [(name, value.replace("\r\n", "\n").strip()) for name, value in fields]


def _mistaken(names: list[str], single: Collection[str], lists: Collection[str]) -> Iterator[Detail]:
    """Fields that the form does not have, and those given more than once that have one value: neither is guessed at."""
    allowed = ", ".join(sorted({*single, *lists})) or "none"
    for name in dict.fromkeys(names):
        if name not in single and name not in lists:
            yield Detail(f"/{name[:80]}", f"is not a field of this form: it takes {allowed}")
        elif name in single and names.count(name) > 1:
            yield Detail(f"/{name}", "is given more than once: give it once")
