"""Pairs: by their names, and those that have events, counted."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from event_schemas.countries import CountryError, country_code, parse_pair
from timeline_service.adapters.postgres.rows import PairRow
from timeline_service.adapters.postgres.selections import PairSelection
from timeline_service.domain.country_names import names_in
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint, vector_of
from timeline_service.errors import UnknownCountryError, UnknownPairError
from timeline_service.queries.paging import Page, read_point_of
from timeline_service.queries.read_points import Awaited
from timeline_service.queries.selections import read_selection
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.countries import PairCountView, PartnerView, pair_count_view, partner_view

_MOST: Final = 1000  # there are not so many countries


def pair_of(text: str) -> str:
    """A pair's canonical name; raises UnknownPairError."""
    try:
        return parse_pair(text)
    except CountryError as error:
        raise UnknownPairError(str(error), error.candidates) from error


def country_of(text: str) -> str:
    """A country's code; raises UnknownCountryError."""
    try:
        return country_code(text)
    except CountryError as error:
        raise UnknownCountryError(str(error), error.candidates) from error


async def list_pairs(
    awaited: Awaited, page: Page, language: str, limit: int
) -> tuple[ReadPoint, Sequence[PairCountView], str | None]:
    """A page of the pairs that have selected events, by name or by count, of all countries or of one.

    The read point of which it is true comes first, the cursor of the next page last.
    """
    which = PairSelection(
        page.query.get("country"),
        page.query.get("order") == "count",
        *((int(page.key[0]), str(page.key[1])) if page.key else ()),
    )
    selection = read_selection(_without_country(page.query))
    at = page.read_point(await read_point_of(awaited, page, selection))
    at, rows = await _counted(awaited.sources, at, page, selection, which, limit + 1)
    more = len(rows) > limit
    following = page.next(at.vector, (rows[limit - 1].events, rows[limit - 1].pair)) if more else None
    return at, [pair_count_view(row, names_in(language)) for row in rows[:limit]], following


async def list_partners(
    awaited: Awaited, page: Page, country: str, language: str
) -> tuple[ReadPoint, Sequence[PartnerView]]:
    """The countries with which a country has selected events, the largest number first, and when that is true."""
    selection = read_selection(page.query)
    at = await read_point_of(awaited, page, selection)
    at, rows = await _counted(awaited.sources, at, page, selection, PairSelection(country, by_count=True), _MOST)
    return at, [partner_view(row, country, names_in(language)) for row in rows]


async def _counted(
    sources: Sources, at: ReadPoint, page: Page, selection: Selection, which: PairSelection, limit: int
) -> tuple[ReadPoint, Sequence[PairRow]]:
    """Pairs and their counts: kept ones, where all events of now are asked for, with their read point."""
    if page.vector is None and selection == Selection() and page.as_of is None:
        offsets, rows = await sources.selections.pairs_now(at, which, limit)
        return ReadPoint(at.generation, vector_of(offsets, len(at.vector))), rows
    return at, await sources.selections.pairs(at, selection, which, limit)


def _without_country(query: Mapping[str, Any]) -> dict[str, Any]:
    """The filters alone: which country's pairs are listed is no filter of events."""
    return {name: value for name, value in query.items() if name != "country"}
