"""Countries as others write them (ISO, CAMEO, COW's numbers, FIPS, names), as ours. Nothing is ever guessed."""

import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from event_schemas.countries import CountryError, all_countries, country_code, require_no_region

_TABLES: Final[dict[str, dict[str, Any]]] = json.loads(
    (files(__package__) / "country_codes.json").read_text(encoding="utf-8")
)
#: The scheme whose numbers had several owners.
_DATED: Final = "cow"
_OURS: Final = frozenset(code for code, _ in all_countries())


def read_country(text: str, scheme: str, day: date | None = None) -> str:
    """The alpha-3 code of a country in a scheme, at a day where numbers had several owners; raises CountryError."""
    return _read_country(text.strip(), scheme, day if scheme == _DATED else None)


@lru_cache(maxsize=65_536)
def _read_country(text: str, scheme: str, day: date | None) -> str:
    return _SCHEMES[scheme](text, day)


def _iso(text: str, _: date | None) -> str:
    if len(text) not in {2, 3}:
        raise CountryError(f"{text[:80]!r} is no ISO 3166-1 code: write two or three letters")
    return country_code(text)


def _cameo(text: str, _: date | None) -> str:
    require_no_region(text)
    code = _TABLES["cameo"].get(text, text)
    if code not in _OURS:
        raise CountryError(f"{text[:80]!r} is no country code of CAMEO")
    return str(code)


def _cow(text: str, day: date | None) -> str:
    found = _TABLES["cow"].get(text.lstrip("0"))
    if found is None:
        raise CountryError(f"{text[:80]!r} is no state number of COW that we know a country for")
    if isinstance(found, str):
        return found
    if day is None:
        raise CountryError(f"{text} in COW is {', '.join(code for code, _ in found)} by date, and there is none")
    return str(next(code for code, until in found if until is None or day.isoformat() < until))


def _fips(text: str, _: date | None) -> str:
    found = _TABLES["fips"].get(text.upper())
    if found is None:
        raise CountryError(f"{text[:80]!r} is no FIPS 10-4 country code")
    return str(found)


def _name(text: str, _: date | None) -> str:
    return country_code(text)


_SCHEMES: Final[dict[str, Callable[[str, date | None], str]]] = {
    "iso": _iso,
    "cameo": _cameo,
    "cow": _cow,
    "fips": _fips,
    "name": _name,
}
