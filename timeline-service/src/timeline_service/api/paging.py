"""Pages as requests ask for them, and the link from one to the next."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from timeline_service.api.holdings import Holdings
from timeline_service.queries.paging import Page


def page_of(request: Request, held: Holdings, asked: Mapping[str, Any], cursor: str | None = None) -> Page:
    """The page that a request asks for; raises RefusedError, and UnavailableError before cursors can be read."""
    return Page.of(held.sources.seal, asked, cursor, request.query_params)


def next_link(request: Request, cursor: str | None) -> dict[str, str]:
    """The `Link` header to the next page (RFC 8288), if there is one."""
    if cursor is None:
        return {}
    return {"link": f'<{request.url.include_query_params(cursor=cursor)}>; rel="next"'}
