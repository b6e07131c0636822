"""A date in English words, for people: every form of `event_schemas.dates`, and no more than it says."""

from calendar import month_name
from functools import lru_cache
from typing import Final

from event_schemas.dates import When

_SEASONS: Final = {21: "spring", 22: "summer", 23: "autumn", 24: "winter"}
_QUARTERS: Final = {33: "first", 34: "second", 35: "third", 36: "fourth"}


def say_when(when: When) -> str:
    """A date in words: "29 June 2020", "the 2010s", "from June 2020 on", "about 2020, uncertain".

    An open end (`..`) and one that is not known (empty) are told apart.
    """
    return _say(when.text)


@lru_cache(maxsize=65_536)
def _say(text: str) -> str:
    start, slash, end = text.partition("/")
    if not slash:
        words, uncertain = _say_date(text)
        return f"{words}, uncertain" if uncertain else words
    if start in {"", ".."}:
        return f"until {_say_end(end)}, beginning {'open' if start else 'not known'}"
    if end == "..":
        return f"from {_say_end(start)} on"
    if end == "":
        return f"from {_say_end(start)}, end not known"
    return f"from {_say_end(start)} to {_say_end(end)}"


def _say_end(text: str) -> str:
    # In brackets, because of two ends only one may be uncertain.
    words, uncertain = _say_date(text)
    return f"{words} (uncertain)" if uncertain else words


def _say_date(text: str) -> tuple[str, bool]:
    """The words of one date, and whether it is uncertain."""
    approximate, uncertain = text[-1] in "~%", text[-1] in "?%"
    year, _, rest = text.rstrip("~?%").partition("-")
    month, _, day = rest.partition("-")
    if month == "XX" or day == "XX":
        whole = _say_year(year) if month == "XX" else f"{month_name[int(month)]} {int(year)}"
        piece = "time" if month == "XX" else "day"
        return f"some {piece} in {'or about ' if approximate else ''}{whole}", uncertain
    words = _say_plainly(year, month, day)
    return f"about {words}" if approximate else words, uncertain


def _say_plainly(year: str, month: str, day: str) -> str:
    if "X" in year:
        low, high = int(year.replace("X", "0")), int(year.replace("X", "9"))
        # "The 1900s" and "the 20th century" are read in two ways each, and "the 10s" in many.
        if high - low == 9 and low % 100 and low >= 100:
            return f"the {low}s"
        return f"{'' if low >= 1000 else 'the years '}{low}–{high}"
    if not month:
        return _say_year(year)
    number, name = int(month), int(year)
    if number in _SEASONS:
        return f"{_SEASONS[number]} {name}–{name + 1}" if number == 24 else f"{_SEASONS[number]} {name}"
    if number in _QUARTERS:
        return f"{_QUARTERS[number]} quarter of {_say_year(year)}"
    return f"{int(day)} {month_name[number]} {name}" if day else f"{month_name[number]} {name}"


def _say_year(year: str) -> str:
    return year if year >= "1000" else f"the year {int(year)}"
