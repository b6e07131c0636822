"""Addresses of pages, of the same selection in other forms, and of a page as it should be asked for."""

import re
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

Query = Sequence[tuple[str, str]]
#: What people write of an instant: a day, or a time without a zone, which is UTC here.
_INSTANT: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]+)?)?)?")


def with_query(path: str, query: Query) -> str:
    """A path with its parameters."""
    return f"{path}?{urlencode(query)}" if query else path


def without(query: Query, names: Collection[str]) -> Query:
    """The parameters but those of these names."""
    return [(name, value) for name, value in query if name not in names]


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def tidied(query: Query) -> Query:
    """The parameters as they should stand in an address: a form's empty fields say nothing."""
    return [(name, _whole_instant(value) if name == "as_of" else value) for name, value in query if value.strip()]


def _whole_instant(text: str) -> str:
    found = _INSTANT.fullmatch(text)
    return f"{found[1]}T{found[2] or '00:00'}{found[3] or ':00'}Z" if found else text


class PageRoute(APIRoute):
    """A route of a page: one address for one view. What a form leaves empty is left out of it, by a redirect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of requests."""
        handle = super().get_route_handler()

        async def tidy(request: Request) -> Response:
            asked = request.query_params.multi_items()
            wanted = tidied(asked)
            if wanted != asked:
                return RedirectResponse(with_query(quote(request.url.path), wanted), 307)
            return await handle(request)

        return tidy
