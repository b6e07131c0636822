"""Dates as precisely as they are known: a subset of EDTF (ISO 8601-2:2019), with strict bounds.

Qualifiers (`?` uncertain, `~` approximate, `%` both) are kept beside the bounds and never widen them.
"""

import re
from calendar import month_name, monthrange
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

PRECISIONS: Final = ("day", "month", "season", "quarter", "year", "decade", "century", "interval")

_DATE: Final = re.compile(r"([0-9]{2}(?:[0-9]{2}|[0-9]X|XX))(?:-([0-9]{2}|XX)(?:-([0-9]{2}|XX))?)?([?~%]?)")
_EXPECTED: Final = (
    "write EDTF, such as 2020, 2025-06, 2026-02-13, 2020/2021-06, 2020/.., 201X, 2020-21 (spring) or 2020~"
)


class DateFormatError(ValueError):
    """A text that is no date that we take; the message says what was expected."""


class When(NamedTuple):
    """A date as written, with its first and last possible day; None where an end is open or unknown."""

    text: str
    earliest: date | None
    latest: date | None
    precision: str
    approximate: bool
    uncertain: bool


@lru_cache(maxsize=65_536)
def parse_when(text: str) -> When:
    """Read an EDTF date or interval; raises DateFormatError."""
    start, slash, end = text.partition("/")
    if not slash:
        return _date(text)
    if start in {"", ".."} and end in {"", ".."}:
        raise DateFormatError(f"{text!r} says nothing: give at least one end, such as 2020/..")
    first = None if start in {"", ".."} else _date(start)
    last = None if end in {"", ".."} else _date(end)
    if first and last and _day(first.earliest) > _day(last.earliest):
        raise DateFormatError(f"{text[:80]!r} ends before it starts: write the earlier date first")
    return When(
        text=text,
        earliest=first.earliest if first else None,
        latest=last.latest if last else None,
        precision="interval",
        approximate=any(part.approximate for part in (first, last) if part),
        uncertain=any(part.uncertain for part in (first, last) if part),
    )


def _date(text: str) -> When:
    found = _DATE.fullmatch(text)
    if found is None:
        raise DateFormatError(f"{text[:80]!r} is not a date: {_EXPECTED}")
    year, month, day, qualifier = found.groups()
    if "X" in year:
        if month is not None:
            raise DateFormatError(f"{text!r} has a month in an unspecified year: write {year} alone")
        low, high = int(year.replace("X", "0")), int(year.replace("X", "9"))
        bounds = _bounds(text, (low, 1, 1), (high, 12, 31))
        precision = "century" if year.endswith("XX") else "decade"
    elif month is None or month == "XX":
        if day is not None:
            raise DateFormatError(f"{text!r} has a day in an unspecified month: write {year} or {year}-XX")
        bounds, precision = _bounds(text, (int(year), 1, 1), (int(year), 12, 31)), "year"
    else:
        bounds, precision = _within_year(text, int(year), int(month), day)
    return When(text, *bounds, precision, qualifier in {"~", "%"}, qualifier in {"?", "%"})


def _within_year(text: str, year: int, month: int, day: str | None) -> tuple[tuple[date, date], str]:
    if 1 <= month <= 12:
        days = monthrange(year or 4, month)[1]
        if day is None or day == "XX":
            return _bounds(text, (year, month, 1), (year, month, days)), "month"
        if not 1 <= int(day) <= days:
            raise DateFormatError(f"{text!r} does not exist: {month_name[month]} {year} has {days} days")
        return _bounds(text, (year, month, int(day)), (year, month, int(day))), "day"
    if day is not None or not (21 <= month <= 24 or 33 <= month <= 36):
        raise DateFormatError(
            f"{text!r} has no such month: months are 01 to 12, seasons 21 to 24 and quarters 33 to 36"
        )
    if month >= 33:
        first = 3 * (month - 33) + 1
        return _bounds(text, (year, first, 1), (year, first + 2, monthrange(4, first + 2)[1])), "quarter"
    first = 3 * (month - 20)  # northern: March, June, September, December
    end_year, end_month = (year + 1, 2) if month == 24 else (year, first + 2)
    end = (end_year, end_month, monthrange(end_year, end_month)[1])
    return _bounds(text, (year, first, 1), end), "season"


def _bounds(text: str, first: tuple[int, int, int], last: tuple[int, int, int]) -> tuple[date, date]:
    if first[0] < 1 or last[0] > 9998:
        raise DateFormatError(f"{text!r} reaches outside the years 0001 to 9998")
    return date(*first), date(*last)


def _day(day: date | None) -> date:
    return day if day is not None else date.min
