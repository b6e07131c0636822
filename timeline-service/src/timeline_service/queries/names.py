"""What there is to filter by: tags, actors and publishers, counted.

Of all events the counts are kept with the documents, so what a page costs follows the names that there are, not the
events. Of a selection, or behind a page of the past, the documents are counted.
"""

from collections.abc import Sequence
from typing import Final, Literal

from event_schemas.texts import normalised
from timeline_service.adapters.postgres.rows import NameRow
from timeline_service.adapters.postgres.selections import NameSelection
from timeline_service.domain.search_documents import facet
from timeline_service.domain.selections import Selection
from timeline_service.domain.text_folding import fold_name
from timeline_service.domain.vectors import ReadPoint, vector_of
from timeline_service.errors import RefusedError
from timeline_service.queries.paging import Page, read_point_of
from timeline_service.queries.read_points import Awaited
from timeline_service.queries.selections import read_selection
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.names import NameView, name_view

Kind = Literal["tag", "actor", "publisher"]
_LAST: Final = chr(0x10FFFF)


async def list_names(
    awaited: Awaited, page: Page, kind: Kind, limit: int
) -> tuple[ReadPoint, Sequence[NameView], str | None]:
    """A page of the names of a kind that selected events have, the most frequent first.

    The read point of which it is true comes first, the cursor of the next page last.
    """
    start = facet(kind, _folded(kind, page.query.get("prefix", "")))
    seen = (int(page.key[0]), str(page.key[1])) if page.key else ()
    which = NameSelection(start, start + _LAST, *seen)
    selection = read_selection(page.query, page.query.get("pair"))
    at = page.read_point(await read_point_of(awaited, page, selection, across=True))
    at, rows = await _counted(awaited.sources, at, page, selection, which, limit + 1)
    more = len(rows) > limit
    following = page.next(at.vector, (rows[limit - 1].events, rows[limit - 1].facet)) if more else None
    return at, [name_view(row) for row in rows[:limit]], following


async def _counted(
    sources: Sources, at: ReadPoint, page: Page, selection: Selection, which: NameSelection, limit: int
) -> tuple[ReadPoint, Sequence[NameRow]]:
    """Names and their counts: kept ones, where all events are asked for as they are now, with their read point."""
    if selection == Selection() and page.as_of is None:
        offsets, rows = await sources.selections.names_now(at, which, limit)
        now = vector_of(offsets, len(at.vector))
        if page.vector is None or page.vector == now:
            return ReadPoint(at.generation, now), rows
    return at, await sources.selections.names(at, selection, which, limit)


def _folded(kind: Kind, prefix: str) -> str:
    """The beginning of a name as its filter would compare it; raises RefusedError."""
    if "\0" in prefix:
        raise RefusedError("/prefix", "holds NUL: write the beginning of a name, or leave it out")
    return normalised(prefix).lower() if kind == "tag" else fold_name(normalised(prefix))
