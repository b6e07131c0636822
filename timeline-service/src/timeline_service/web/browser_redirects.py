"""A browser at an address of the API is led to the page of the same thing."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from timeline_service.formats.negotiation import prefers_page
from timeline_service.web.addresses import with_query, without

#: What has a page; with a suffix it is a document, and `lookup` leads to one of these by itself.
_WITH_PAGE: Final = re.compile(r"/v1(/timelines/(?!lookup$)[^/.]+|/events/[0-9a-fA-F-]{36})")
#: What a page has no use for.
_OF_DOCUMENTS: Final = frozenset({"count"})


class BrowserRedirects:
    """ASGI middleware: who asks there for HTML rather than for a format of the API is led to the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or pass the request on."""
        if (url := _page_of(scope)) is not None:
            return await RedirectResponse(url, 303, {"vary": "Accept"})(scope, receive, send)
        return await self._app(scope, receive, send)


def _page_of(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return None
    found = _WITH_PAGE.fullmatch(scope["path"])
    if found is None or not prefers_page(",".join(Headers(scope=scope).getlist("accept"))):
        return None
    query = parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True)
    return with_query(quote(found[1]), without(query, _OF_DOCUMENTS))
