"""Dates as tables write them, by a format that somebody has named. Nothing is guessed: 01/02/2020 needs one."""

import re
from calendar import month_abbr, month_name
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from event_schemas.dates import DateFormatError, parse_when

EDTF: Final = "EDTF"
_ISO: Final = "YYYY-MM-DD"
_MONTHS: Final = {
    name.casefold(): number for names in (month_name, month_abbr) for number, name in enumerate(names) if name
}
_TOKEN: Final = re.compile(r"YYYY|MMMM|MMM|MM|M|DD|D")
_PATTERNS: Final = {
    "YYYY": r"(?P<year>\d{4})",
    "MMMM": r"(?P<name>[A-Za-z]+)",
    "MMM": r"(?P<name>[A-Za-z]+)\.?",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "D": r"(?P<day>\d{1,2})",
}
_AMBIGUOUS: Final = re.compile(r"\d{1,4}[./ -]\d{1,2}[./ -]\d{1,4}")


def check_format(form: str) -> str:
    """The format, if it is one; raises ValueError."""
    if form != EDTF:
        tokens = [token[0] for token in _TOKEN.findall(form)]
        if sorted(tokens) not in (["Y"], ["M", "Y"], ["D", "M", "Y"]):
            raise ValueError(f"{form!r} is no format: write EDTF, or YYYY, MM, DD each once, such as DD/MM/YYYY")
    return form


def read_date(text: str, forms: Sequence[str]) -> str:
    """A date as EDTF, by the first format that it has; raises DateFormatError."""
    return _read_date(text, tuple(forms))


@lru_cache(maxsize=65_536)
def _read_date(text: str, forms: tuple[str, ...]) -> str:
    for form in (*forms, _ISO):
        if form == EDTF:
            try:
                return parse_when(text).text
            except DateFormatError:
                continue
        if (found := _pattern(form).fullmatch(text)) is not None:
            return _written(text, found)
    if forms == (EDTF,) and _AMBIGUOUS.fullmatch(text):
        raise DateFormatError(f"{text!r}: say which part is what, with `format: DD/MM/YYYY` or another one")
    raise DateFormatError(f"{text[:80]!r} is not as the mapping says: {' or '.join(forms)}")


def date_of_parts(year: str, month: str, day: str) -> str:
    """A date of its parts as EDTF, where an empty part is not known; raises DateFormatError."""
    for name, part in (("year", year), ("month", month or "1"), ("day", day or "1")):
        if not (part.isascii() and part.isdigit() and len(part) <= 4):
            raise DateFormatError(f"{part[:80]!r} is no {name}")
    written = f"{int(year):04}" + (f"-{int(month):02}" + (f"-{int(day):02}" if day else "") if month else "")
    return parse_when(written).text


def at_precision(date: str, precision: str) -> str:
    """As much of a date as is known of it; raises DateFormatError."""
    unit, approximate = (precision[:-1], "~") if precision.endswith("~") else (precision, "")
    lengths = {"day": 10, "month": 7, "year": 4}
    if unit not in lengths:
        raise DateFormatError(f"{precision!r} is no precision: day, month or year, with ~ behind where approximate")
    return parse_when(date[: lengths[unit]].rstrip("~") + approximate).text


@lru_cache(maxsize=256)
def _pattern(form: str) -> re.Pattern[str]:
    parts, place = [], 0
    for token in _TOKEN.finditer(form):
        parts += [re.escape(form[place : token.start()]), _PATTERNS[token[0]]]
        place = token.end()
    return re.compile("".join([*parts, re.escape(form[place:])]))


def _written(text: str, found: re.Match[str]) -> str:
    parts = found.groupdict()
    month = parts.get("month") or ""
    if "name" in parts:
        known = _MONTHS.get(parts["name"].casefold())
        if known is None:
            raise DateFormatError(f"{text!r}: {parts['name']!r} is no English month")
        month = str(known)
    return date_of_parts(parts["year"], month, parts.get("day") or "")
