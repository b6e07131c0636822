"""Query parameters, strictly: what a request's description does not list is refused, not ignored."""

from typing import Any, Final

from fastapi import Request

from event_schemas.errors import Detail
from service_edge.problems import BAD_PARAMETER, ProblemError

_DESCRIBED: Final = "described_parameters"


async def strict_query(request: Request) -> None:
    """A dependency of the whole app. Raises ProblemError (400) for an unknown or a repeated single parameter.

    The app's own OpenAPI description says what is known: it cannot differ from what is taken.
    """
    if not request.query_params:
        return
    known = _described(request)
    details = []
    for name in dict.fromkeys(request.query_params):
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            details.append(Detail(f"/{name[:80]}", f"is not a parameter of this request: it takes {allowed}"))
        elif not known[name] and len(request.query_params.getlist(name)) > 1:
            details.append(Detail(f"/{name}", "is given more than once: give it once"))
    if details:
        raise ProblemError(BAD_PARAMETER, "; ".join(f"{item.pointer[1:]} {item.detail}" for item in details), details)


def _described(request: Request) -> dict[str, bool]:
    """The route's query parameters, each with whether it may be repeated."""
    cache: dict[tuple[str, str], dict[str, bool]] = request.app.state.__dict__.setdefault(_DESCRIBED, {})
    method = "get" if request.method == "HEAD" else request.method.lower()
    path = request.scope["route"].path_format
    if (path, method) not in cache:
        operation = request.app.openapi()["paths"].get(path, {}).get(method, {})
        cache[path, method] = {
            item["name"]: _repeats(item.get("schema", {}))
            for item in operation.get("parameters", ())
            if item["in"] == "query"
        }
    return cache[path, method]


def _repeats(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array" or any(_repeats(part) for part in schema.get("anyOf", ()))
