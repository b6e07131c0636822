"""An event's content and its timeline entry: in which pairs it stands, with which sort key.

Open ends are ±infinity: sort columns are never null.
"""

from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from event_schemas.countries import pairs_of
from event_schemas.dates import When, parse_when
from event_schemas.event_fields import EventFields, read_fields
from event_schemas.taxonomy import TYPES
from timeline_service.judge.days import OPEN_END, OPEN_START
from timeline_service.judge.rows import make_row

#: The widest of each span class in days; the last class holds what is longer, or open at an end.
SPAN_DAYS: Final = (0, 31, 366)
OPEN_SPAN: Final = len(SPAN_DAYS)
#: Of so many countries pairs are remembered. Those of more come up seldom again, and of 60 they take 125 KB.
_FEW_COUNTRIES: Final = 4


class TimelineEntry(NamedTuple):
    """An event's pairs, its bounds as they are stored and sorted, and what its entries can be asked for.

    A direction goes with each pair: 0 mutual, 1 or 2 where the pair's first or second country acted. Traits are type,
    valence, domain, stage, the number of sources, and Goldstein's scale.
    """

    pairs: tuple[str, ...]
    span: int
    earliest: date
    latest: date
    directions: tuple[int, ...]
    traits: tuple[str, str | None, str | None, str | None, int, float | None]


def timeline_entry(event: EventFields) -> TimelineEntry:
    """The entry of an event by its normalised fields."""
    goldstein = event.goldstein
    few = len(event.countries) <= _FEW_COUNTRIES
    pairs, directions = (_pairs if few else _pairs.__wrapped__)(event.countries, event.initiators)
    traits = (
        event.type,
        event.valence or TYPES[event.type],
        event.domain,
        event.stage,
        len(event.sources),
        float(goldstein) if goldstein is not None else None,
    )
    return make_row(TimelineEntry, (pairs, *stored_span(event.when), directions, traits))


@lru_cache(maxsize=65_536)
def _pairs(countries: tuple[str, ...], initiators: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The pairs of countries, of which some may have acted, and the direction in each."""
    pairs = tuple(pairs_of(countries, initiators))
    return pairs, tuple([(1 if pair[:3] in initiators else 2) if initiators else 0 for pair in pairs])


class EventContent(NamedTuple):
    """What a revision says of an event: its content as text, the fields in that, and the entry that they make."""

    text: str
    event: EventFields
    entry: TimelineEntry


def event_content(text: str) -> EventContent:
    """A content, read as it was stored."""
    event = read_fields(text)
    return EventContent(text, event, timeline_entry(event))


def span_class(when: When) -> int:
    """0 for a day, 1 and 2 up to 31 and 366 days, 3 for what is longer or open."""
    if when.earliest is None or when.latest is None:
        return OPEN_SPAN
    days = (when.latest - when.earliest).days
    return next((number for number, widest in enumerate(SPAN_DAYS) if days <= widest), OPEN_SPAN)


def stored_bounds(when: When) -> tuple[date, date]:
    """A date's bounds as they are stored and compared, with OPEN_START and OPEN_END for open ends."""
    return when.earliest or OPEN_START, when.latest or OPEN_END


@lru_cache(maxsize=65_536)
def stored_span(text: str) -> tuple[int, date, date]:
    """A date's span class and its stored bounds."""
    when = parse_when(text)
    return span_class(when), *stored_bounds(when)
