"""Pages: a cursor carries its query and the vector of its first page, so that pages never lie."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from timeline_service.domain.cursors import Cursor, CursorError, read_cursor, write_cursor
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import OffsetVector, PairPoint, ReadPoint, reached
from timeline_service.errors import RefusedError, UnavailableError
from timeline_service.queries.read_points import Awaited
from timeline_service.queries.seal import CursorSeal


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a query, behind `key`, at the vector that all its pages share; both are None on the first page."""

    query: Mapping[str, Any]
    vector: OffsetVector | None
    key: tuple[Any, ...] | None
    secret: bytes

    @classmethod
    def of(cls, seal: CursorSeal, asked: Mapping[str, Any], cursor: str | None, given: Collection[str]) -> "Page":
        """The page that is asked for; what is None in `asked` was not asked.

        What is `given` by name beside a cursor must be the cursor's own. Raises RefusedError for a cursor that is not
        ours or belongs to another query.
        """
        secret = seal.secret()
        if cursor is None:
            return cls({name: value for name, value in asked.items() if value is not None}, None, None, secret)
        try:
            held = read_cursor(cursor, secret)
        except CursorError as error:
            raise RefusedError("/cursor", str(error)) from error
        if any(asked[name] != held.query.get(name) for name in {"of", *given} & asked.keys()):
            raise RefusedError("/cursor", "belongs to another query: leave it out to begin this one")
        return cls(held.query, held.vector, held.key, secret)

    @property
    def as_of(self) -> str | None:
        """The instant that the query names."""
        instant: str | None = self.query.get("as_of")
        return instant

    @property
    def asks_now(self) -> bool:
        """Whether it is read as far as the live generation is, or goes on with what was."""
        return self.query.get("generation") is None and (self.vector is not None or self.as_of is None)

    def read_point(self, now: ReadPoint) -> ReadPoint:
        """The read point at which the page is read; raises UnavailableError where the projection is behind it."""
        if self.vector is None:
            return now
        if not reached(now.vector, {p: offset - 1 for p, offset in enumerate(self.vector) if offset}):
            raise UnavailableError("the projection is behind the page that this cursor continues")
        return replace(now, vector=self.vector)

    def next(self, vector: OffsetVector, key: tuple[Any, ...]) -> str:
        """The cursor of the page behind the row with this key, at the same vector."""
        return write_cursor(Cursor(self.query, vector, key), self.secret)


async def read_point_of(awaited: Awaited, page: Page, selection: Selection, *, across: bool = False) -> ReadPoint:
    """The read point of a page: the instant that its query names, or now, as far as what answers it has got."""
    awaited = awaited.within(page.query.get("generation"))
    searching = across or selection.searches
    if page.vector is None and page.as_of is not None:
        return await awaited.read_point_as_of(page.as_of, searching=searching)
    return await awaited.read_point(searching=searching)


async def pair_point_of(awaited: Awaited, page: Page, selection: Selection, pair: str) -> PairPoint:
    """The read point of a pair's page, and the least vector at which the pair reads so."""
    if page.asks_now and not selection.searches:
        point = await awaited.sources.reader.pair_point(pair)
        if awaited.got_to(point.now):
            return point
    now = await read_point_of(awaited, page, selection)
    return PairPoint(now, page.vector or await awaited.sources.reader.narrow(now, pair))
