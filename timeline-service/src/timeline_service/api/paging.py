"""Pages: a cursor carries its query and the vector of its first page, so that pages never lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from timeline_service.adapters.postgres_reader import Moment
from timeline_service.api.reading import secret_of
from timeline_service.domain.cursors import Cursor, CursorError, read_cursor, write_cursor
from timeline_service.domain.vectors import Vector, reached
from timeline_service.errors import RefusedError, UnavailableError


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a query: the vector that all its pages share, and the key behind which it begins."""

    query: Mapping[str, Any]
    vector: Vector
    key: tuple[Any, ...] | None
    secret: bytes

    @classmethod
    def of(cls, request: Request, asked: Mapping[str, Any], moment: Moment, cursor: str | None) -> "Page":
        """The page that a request asks for. A parameter given beside a cursor must be the cursor's own.

        Raises RefusedError for a cursor that is not ours or belongs to another query.
        """
        secret = secret_of(request)
        if secret is None:
            raise UnavailableError("the service has not reached its database yet")
        if cursor is None:
            return cls(asked, moment.vector, None, secret)
        try:
            held = read_cursor(cursor, secret)
        except CursorError as error:
            raise RefusedError("/cursor", str(error)) from error
        given = {"of", *request.query_params} & asked.keys()
        if held.query.keys() != asked.keys() or any(asked[name] != held.query[name] for name in given):
            raise RefusedError("/cursor", "belongs to another query: leave it out to begin this one")
        if not reached(moment.vector, {p: offset - 1 for p, offset in enumerate(held.vector) if offset}):
            raise UnavailableError("the projection is behind the page that this cursor continues")
        return cls(held.query, held.vector, held.key, secret)

    def next(self, key: tuple[Any, ...]) -> str:
        """The cursor of the page behind the row with this key."""
        return write_cursor(Cursor(self.query, self.vector, key), self.secret)


def next_link(request: Request, cursor: str | None) -> dict[str, str]:
    """The `Link` header to the next page (RFC 8288), if there is one."""
    if cursor is None:
        return {}
    return {"link": f'<{request.url.include_query_params(cursor=cursor)}>; rel="next"'}
