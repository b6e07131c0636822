"""Query parameters, strictly: what a request's description does not list is refused, not ignored."""

import re
from collections.abc import Iterator
from copy import copy
from typing import Annotated, Any, Final
from urllib.parse import unquote_to_bytes

from fastapi import Path, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BeforeValidator

from event_schemas.errors import Detail
from event_schemas.texts import Uuid
from service_edge.problems import BAD_PARAMETER, ProblemError

_DESCRIBED: Final = "described_parameters"
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?")


def _whole(value: object) -> object:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError(f"{value[:80]!r} is not a whole number: write decimal digits only, such as 50")
    return value


def _decimal(value: object) -> object:
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError(f"{value[:80]!r} is not a number: write decimal digits, such as 5 or 2.5")
    return value


def _true_or_false(value: object) -> object:
    if isinstance(value, str) and value not in {"true", "false"}:
        raise ValueError(f"{value[:80]!r} is neither true nor false: write one of them")
    return value


#: A parameter's value in the one form that JSON has for it: Python would also read 1_0, 1.0, yes and infinity.
#: They stand last in an `Annotated`, so that its bounds still show in the description.
WHOLE: Final = BeforeValidator(_whole)
DECIMAL: Final = BeforeValidator(_decimal)
TRUE_OR_FALSE: Final = BeforeValidator(_true_or_false)
EventId = Annotated[Uuid, Path(description="The event's id.", examples=["80d5d10a-b3b5-59dc-825b-830d249e8c6a"])]


async def strict_query(request: Request) -> None:
    """A dependency of the whole app. Raises ProblemError (400) for a query that is not UTF-8 (RFC 3986, 2.5), for an
    unknown parameter, and for one that is repeated and has a single value.

    The app's own OpenAPI description says what is known: it cannot differ from what is taken.
    """
    if not request.query_params:
        return
    known = _described(request)
    details = [*_not_utf8(request.scope["query_string"])]
    for name in dict.fromkeys(request.query_params):
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            details.append(Detail(f"/{name[:80]}", f"is not a parameter of this request: it takes {allowed}"))
        elif not known[name] and len(request.query_params.getlist(name)) > 1:
            details.append(Detail(f"/{name}", "is given more than once: give it once"))
    if details:
        raise ProblemError(BAD_PARAMETER, "; ".join(f"{item.pointer[1:]} {item.detail}" for item in details), details)


def _not_utf8(query: bytes) -> Iterator[Detail]:
    """What the framework would read with U+FFFD in place of bytes, and so search for what nobody has asked."""
    for part in query.split(b"&"):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            name = unquote_to_bytes(part.partition(b"=")[0]).decode(errors="replace")
            yield Detail(f"/{name[:80]}", "is not UTF-8: write the bytes of UTF-8, each as % and two hex digits")


def _described(request: Request) -> dict[str, bool]:
    """The route's query parameters, each with whether it may be repeated."""
    cache: dict[tuple[str, str], dict[str, bool]] = request.app.state.__dict__.setdefault(_DESCRIBED, {})
    method = "get" if request.method == "HEAD" else request.method.lower()
    path = request.scope["route"].path_format
    if (path, method) not in cache:
        operation = request.app.openapi()["paths"].get(path, {}).get(method) or _undescribed(
            request.scope["route"], method
        )
        cache[path, method] = {
            item["name"]: _repeats(item.get("schema", {}))
            for item in operation.get("parameters", ())
            if item["in"] == "query"
        }
    return cache[path, method]


def _undescribed(route: Any, method: str) -> dict[str, Any]:
    """The operation of a route that the app's description leaves out, as it would stand there: a page's."""
    if not isinstance(route, APIRoute):
        return {}
    shown = copy(route)
    shown.include_in_schema = True
    operation: dict[str, Any] = get_openapi(title="", version="", routes=[shown])["paths"][route.path_format][method]
    return operation


def _repeats(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array" or any(_repeats(part) for part in schema.get("anyOf", ()))
