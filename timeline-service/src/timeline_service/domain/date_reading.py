"""Dates as people write them in English, read as EDTF: `June 2025` is `2025-06`. What could be read in two ways is not.

`31/12/2020` is left alone: whether the day stands first, nobody can know. So is all that is EDTF already.
"""

import re
from calendar import month_abbr, month_name
from collections.abc import Callable
from typing import Final

from event_schemas.dates import DateFormatError, parse_when

_MONTHS: Final = {
    name.lower(): number for names in (month_name, month_abbr) for number, name in enumerate(names) if number
} | {"sept": 9}
_SEASONS: Final = {"spring": 21, "summer": 22, "autumn": 23, "fall": 23, "winter": 24}
_MONTH: Final = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_DAY: Final = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>[0-9]{4})"
_QUARTER: Final = r"(?:q(?P<quarter>[1-4])|(?P<nth>[1-4])(?:st|nd|rd|th) quarter(?: of)?)"


def _month(found: re.Match[str]) -> str:
    return f"{_MONTHS[found['month']]:02}"


def _day(found: re.Match[str]) -> str:
    return f"{found['year']}-{_month(found)}-{int(found['day']):02}"


def _quarter(found: re.Match[str]) -> str:
    return f"{found['year']}-{32 + int(found['quarter'] or found['nth'])}"


_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(rf"{_MONTH},? {_YEAR}"), lambda found: f"{found['year']}-{_month(found)}"),
    (re.compile(rf"{_DAY}(?: of)? {_MONTH},? {_YEAR}"), _day),
    (re.compile(rf"{_MONTH} {_DAY},? {_YEAR}"), _day),
    (
        re.compile(rf"(?P<season>{'|'.join(_SEASONS)})(?: of)? {_YEAR}"),
        lambda found: f"{found['year']}-{_SEASONS[found['season']]}",
    ),
    (re.compile(rf"{_QUARTER} {_YEAR}"), _quarter),
    (re.compile(rf"{_YEAR},? {_QUARTER}"), _quarter),
    (re.compile(r"(?:the )?(?P<decade>[0-9]{3})0s"), lambda found: f"{found['decade']}X"),
    (
        re.compile(r"(?:the )?(?P<century>[1-9]|1[0-9]|2[01])(?:st|nd|rd|th) century"),
        lambda found: f"{int(found['century']) - 1:02}XX",
    ),
)
_ABOUT: Final = re.compile(r"(?:around|about|circa|ca\.?|c\.) ?(.+)")
_SINCE: Final = re.compile(r"since (.+)")
_UNTIL: Final = re.compile(r"(?:until|till|up to) (.+)")
_SPAN: Final = re.compile(r"(?:from )?(.+?)(?: to | until | ?[\u2013\u2014] ?| - )(.+)")


def read_date(text: str) -> str:
    """The EDTF of what a person wrote, or the same text where that is no date that could only mean one thing."""
    written = " ".join(text.split())
    read = _read(written.casefold())
    if read is None or _is_edtf(written):
        return written
    return read if _is_edtf(read) else written


def _read(text: str) -> str | None:
    if found := _SINCE.fullmatch(text):
        return _joined(_read(found[1]), "..")
    if found := _UNTIL.fullmatch(text):
        return _joined("..", _read(found[1]))
    if found := _ABOUT.fullmatch(text):
        inner = _read(found[1])
        return f"{inner}~" if inner is not None and "/" not in inner else None
    for form, write in _FORMS:
        if found := form.fullmatch(text):
            return write(found)
    if found := _SPAN.fullmatch(text):
        return _joined(_read(found[1]), _read(found[2]))
    return text if _is_edtf(text) else None


def _joined(start: str | None, end: str | None) -> str | None:
    return f"{start}/{end}" if start is not None and end is not None and "/" not in f"{start}{end}" else None


def _is_edtf(text: str) -> bool:
    try:
        parse_when(text)
    except DateFormatError:
        return False
    return True
