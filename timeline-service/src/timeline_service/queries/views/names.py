"""Tags, actors and publishers as they are read."""

from typing import TypedDict

from timeline_service.adapters.postgres.rows import NameRow
from timeline_service.queries.views.fields import Count, Cursor


class NameView(TypedDict):
    """A name to filter by, as it is spelled most often, and how many events have it."""

    name: str
    count: Count


class NamesView(TypedDict):
    """A page of names."""

    items: list[NameView]
    next: Cursor | None


def name_view(row: NameRow) -> NameView:
    """A name and its count; where only a past revision spells it, as it is compared."""
    return {"name": row.spelling or row.facet.partition(":")[2], "count": row.events}
