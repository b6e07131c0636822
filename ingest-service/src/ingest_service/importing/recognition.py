"""What a column holds, by its name and its first cells: countries, dates, codes, addresses. Each finding says why."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from event_schemas.countries import CountryError
from event_schemas.dates import DateFormatError
from event_schemas.taxonomy import TYPES
from event_schemas.texts import is_address
from ingest_service.importing.cameo import CAMEO
from ingest_service.importing.country_schemes import read_country
from ingest_service.importing.date_formats import EDTF, read_date
from ingest_service.importing.mapped_texts import cameo_code

#: Of a column's filled cells so many have to be what it is taken for; the rest may be mistakes.
_MOST: Final = 0.9
_SCHEMES: Final = ("iso", "cameo", "name")
_NAMED_NUMBERS: Final = re.compile(r"ccode|cow|gwno|^state|statea|stateb|^mem\d", re.IGNORECASE)
_FORMATS: Final = ("YYYYMMDD", "D MMMM YYYY", "MMMM D, YYYY", "D MMM YYYY", "MMM D, YYYY", "YYYY/MM/DD")
_PARTED: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2\d{4}")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and its filled cells, in their order."""

    name: str
    cells: tuple[str, ...]
    rows: int

    def mostly(self, fits: Callable[[str], bool]) -> bool:
        """Whether most of its filled cells, if there are any, are so."""
        return bool(self.cells) and sum(map(fits, self.cells)) >= _MOST * len(self.cells)

    @property
    def distinct(self) -> list[str]:
        """Each text once."""
        return list(dict.fromkeys(self.cells))


@dataclass(frozen=True, slots=True)
class DateFinding:
    """A column of dates: its format, or none where the day and the month cannot be told apart."""

    form: str | None
    why: str


def country_scheme(column: Column) -> str | None:
    """How a column writes countries, if it does."""
    if column.mostly(str.isdigit):
        # Numbers are countries only where the name says so: they could be anything else.
        fits = _NAMED_NUMBERS.search(column.name) and column.mostly(partial(_is_country, scheme="cow"))
        return "cow" if fits else None
    return next((scheme for scheme in _SCHEMES if column.mostly(partial(_is_country, scheme=scheme))), None)


def date_format(column: Column) -> DateFinding | None:
    """How a column writes dates, if it does."""
    if column.mostly(partial(_is_date, form=EDTF)):
        looks_like_years = column.mostly(lambda text: text.isdigit() and 1000 <= int(text) <= 2100)
        if looks_like_years and not re.search(r"year|date|when|yr", column.name, re.IGNORECASE):
            return None
        return DateFinding(EDTF, f"reads as it is, such as {column.cells[0]}")
    for form in _FORMATS:
        if column.mostly(partial(_is_date, form=form)):
            return DateFinding(form, f"such as {column.cells[0]}")
    parted = [found for text in column.cells if (found := _PARTED.fullmatch(text))]
    if not column.cells or len(parted) < _MOST * len(column.cells):
        return None
    return _day_or_month_first(parted)


def _day_or_month_first(parted: list[re.Match[str]]) -> DateFinding:
    sign = parted[0][2]
    first = next((found[0] for found in parted if int(found[1]) > 12), None)
    second = next((found[0] for found in parted if int(found[3]) > 12), None)
    padded = all(len(found[1]) == len(found[3]) == 2 for found in parted)
    day, month = ("DD", "MM") if padded else ("D", "M")
    if first is not None and second is None:
        return DateFinding(f"{day}{sign}{month}{sign}YYYY", f"{first} has its day first")
    if second is not None and first is None:
        return DateFinding(f"{month}{sign}{day}{sign}YYYY", f"{second} has its month first")
    return DateFinding(None, f"{parted[0][0]} may have its day or its month first: write which, the import refuses it")


def is_cameo(column: Column) -> str | None:
    """`cameo` or `cameo-unpadded` where a column holds CAMEO's codes."""
    if not re.search(r"cameo|event.?code", column.name, re.IGNORECASE):
        return None
    if column.mostly(lambda text: text in CAMEO and len(text) > 2):
        return "cameo"
    return "cameo-unpadded" if column.mostly(lambda text: cameo_code(text, unpadded=True) in CAMEO) else None


def are_types(column: Column) -> bool:
    """Whether a column holds codes of the taxonomy."""
    return column.mostly(TYPES.__contains__)


def are_addresses(column: Column) -> bool:
    """Whether a column holds addresses."""
    return column.mostly(is_address)


def are_numbers(column: Column, least: float, most: float) -> bool:
    """Whether a column holds numbers between two others."""
    return column.mostly(lambda text: _NUMBER.fullmatch(text) is not None and least <= float(text) <= most)


def are_ids(column: Column) -> bool:
    """Whether a column names each row, and is called so."""
    called = re.search(r"(^|[^a-z])(id|no|nr|number|key)([^a-z]|$)|[a-z]Id$|_id|^id", column.name, re.IGNORECASE)
    return called is not None and len(column.cells) == column.rows == len(column.distinct)


def called(column: Column, words: Iterable[str]) -> bool:
    """Whether a column's name holds one of some words."""
    name = column.name.casefold()
    return any(word in name for word in words)


def _is_country(text: str, scheme: str) -> bool:
    try:
        read_country(text, scheme)
    except CountryError as error:
        return scheme == "cow" and "by date" in str(error)
    return True


def _is_date(text: str, form: str) -> bool:
    try:
        read_date(text, [form])
    except DateFormatError:
        return False
    return True
