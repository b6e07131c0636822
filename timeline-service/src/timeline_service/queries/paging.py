"""Pages: a cursor carries its query and the vector of its first page, so that pages never lie."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request

from timeline_service.domain.cursors import Cursor, CursorError, read_cursor, write_cursor
from timeline_service.domain.vectors import Moment, Vector, reached
from timeline_service.errors import RefusedError, UnavailableError
from timeline_service.queries.moments import secret_of


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a query, behind `key`, at the vector that all its pages share; both are None on the first page."""

    query: Mapping[str, Any]
    vector: Vector | None
    key: tuple[Any, ...] | None
    secret: bytes

    @classmethod
    def of(cls, request: Request, asked: Mapping[str, Any], cursor: str | None) -> "Page":
        """The page that a request asks for; what is None in `asked` was not asked.

        A parameter that is given beside a cursor must be the cursor's own. Raises RefusedError for a cursor that is
        not ours or belongs to another query.
        """
        secret = secret_of(request)
        if secret is None:
            raise UnavailableError("the service has not reached its database yet")
        if cursor is None:
            return cls({name: value for name, value in asked.items() if value is not None}, None, None, secret)
        try:
            held = read_cursor(cursor, secret)
        except CursorError as error:
            raise RefusedError("/cursor", str(error)) from error
        given = {"of", *request.query_params} & asked.keys()
        if any(asked[name] != held.query.get(name) for name in given):
            raise RefusedError("/cursor", "belongs to another query: leave it out to begin this one")
        return cls(held.query, held.vector, held.key, secret)

    def moment(self, now: Moment) -> Moment:
        """The moment at which the page is read; raises UnavailableError where the projection is behind it."""
        if self.vector is None:
            return now
        if not reached(now.vector, {p: offset - 1 for p, offset in enumerate(self.vector) if offset}):
            raise UnavailableError("the projection is behind the page that this cursor continues")
        return replace(now, vector=self.vector)

    def next(self, vector: Vector, key: tuple[Any, ...]) -> str:
        """The cursor of the page behind the row with this key, at the same vector."""
        return write_cursor(Cursor(self.query, vector, key), self.secret)


def next_link(request: Request, cursor: str | None) -> dict[str, str]:
    """The `Link` header to the next page (RFC 8288), if there is one."""
    if cursor is None:
        return {}
    return {"link": f'<{request.url.include_query_params(cursor=cursor)}>; rel="next"'}
