"""Where an event stands: in which pairs, with which sort key. Open ends are ±infinity: sort columns are never null."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import orjson

from event_schemas.countries import pairs_of
from event_schemas.dates import When, parse_when

#: The widest of each span class in days; the last class holds what is longer, or open at an end.
SPAN_DAYS: Final = (0, 31, 366)
OPEN_SPAN: Final = len(SPAN_DAYS)
_FIRST_DAY: Final = date(1, 1, 2)


@dataclass(frozen=True, slots=True)
class Standing:
    """An event's pairs, and its bounds as they are stored and sorted."""

    pairs: tuple[str, ...]
    span: int
    earliest: date
    latest: date


def standing(when: str, countries: list[str], initiators: list[str] | None) -> Standing:
    """The standing of an event by its normalised fields."""
    span, earliest, latest = _bounds(when)
    return Standing(tuple(pairs_of(countries, initiators or [])), span, earliest, latest)


def standing_of_content(content: str) -> Standing:
    """The standing of an event by the content that was stored of it."""
    event: dict[str, Any] = orjson.loads(content)
    return standing(event["when"], event["countries"], event.get("initiators"))


def span_class(when: When) -> int:
    """0 for a day, 1 and 2 up to 31 and 366 days, 3 for what is longer or open."""
    if when.earliest is None or when.latest is None:
        return OPEN_SPAN
    days = (when.latest - when.earliest).days
    return next((number for number, widest in enumerate(SPAN_DAYS) if days <= widest), OPEN_SPAN)


def stored_bounds(when: When) -> tuple[date, date]:
    """A date's bounds as they are stored and compared; date.min and date.max stand for open ends.

    asyncpg writes those two as -infinity and infinity, hence the years 0001 to 9998, and hence the first day of year 1
    counts as the second.
    """
    earliest = max(when.earliest, _FIRST_DAY) if when.earliest is not None else date.min
    latest = max(when.latest, _FIRST_DAY) if when.latest is not None else date.max
    return earliest, latest


@lru_cache(maxsize=65_536)
def _bounds(text: str) -> tuple[int, date, date]:
    when = parse_when(text)
    return span_class(when), *stored_bounds(when)
