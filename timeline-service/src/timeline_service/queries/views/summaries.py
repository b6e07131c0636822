"""Summaries as they are read."""

from typing import TypedDict

from timeline_service.queries.views.fields import Count, Day, Domain, Pair, Type, Valence


class YearView(TypedDict):
    """How many events of which valence began in a year."""

    year: int | None
    cooperative: Count
    neutral: Count
    conflictual: Count
    none: Count


class TypeCountView(TypedDict):
    """How many events are of a type."""

    type: Type
    count: Count


class DomainCountView(TypedDict):
    """How many events are of a domain."""

    domain: Domain | None
    count: Count


class SummaryView(TypedDict):
    """Counts by year and valence, by type and by domain, the mean of Goldstein's scale, and the first and last date."""

    pair: Pair | None
    years: list[YearView]
    types: list[TypeCountView]
    domains: list[DomainCountView]
    mean_goldstein: float | None
    first: Day | None
    last: Day | None
    note: str


class TypeView(TypedDict):
    """A type that an event may have, what it means, and the valence that it has unless an event says otherwise.

    With the codes of CAMEO that it covers, but for longer ones that another type names, and the categories of PLOVER.
    """

    code: Type
    valence: Valence | None
    description: str
    cameo: list[str]
    plover: list[str]


class TypesView(TypedDict):
    """The types that an event may have."""

    items: list[TypeView]
