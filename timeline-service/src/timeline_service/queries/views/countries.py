"""Countries and pairs as they are read."""

from collections.abc import Mapping
from datetime import date
from typing import TypedDict

from timeline_service.adapters.postgres.rows import PairRow
from timeline_service.domain.country_names import ENGLISH_NAMES
from timeline_service.queries.views.fields import Code, Count, Cursor, Day, Pair


class CountryView(TypedDict):
    """A country's code and name."""

    code: Code
    name: str


class CountriesView(TypedDict):
    """The countries that may be written."""

    items: list[CountryView]


class PairView(TypedDict):
    """A pair with the names of its countries."""

    pair: Pair
    countries: list[CountryView]


class PairCountView(PairView):
    """A pair, how many events it has, and their first and last known dates."""

    count: Count
    first: Day | None
    last: Day | None


class PairsView(TypedDict):
    """A page of pairs."""

    items: list[PairCountView]
    next: Cursor | None


class PartnerView(CountryView):
    """The other country of a pair, and how many events it has."""

    pair: Pair
    count: Count


class PartnersView(TypedDict):
    """A country's pairs."""

    items: list[PartnerView]


def country_view(code: str, names: Mapping[str, str] = ENGLISH_NAMES) -> CountryView:
    """A country by its code."""
    return {"code": code, "name": names[code]}


def pair_view(pair: str, names: Mapping[str, str] = ENGLISH_NAMES) -> PairView:
    """A pair by its name."""
    return {"pair": pair, "countries": [country_view(code, names) for code in pair.split("-")]}


def pair_count_view(row: PairRow, names: Mapping[str, str]) -> PairCountView:
    """A pair and its count."""
    return {
        **pair_view(row.pair, names),
        "count": row.events,
        "first": day_view(row.first),
        "last": day_view(row.last),
    }


def partner_view(row: PairRow, country: str, names: Mapping[str, str]) -> PartnerView:
    """The other country of a pair of this one."""
    (partner,) = (code for code in row.pair.split("-") if code != country)
    return {**country_view(partner, names), "pair": row.pair, "count": row.events}


def day_view(day: date | None) -> str | None:
    """A day; None for what is open or unknown."""
    return day.isoformat() if day is not None else None
