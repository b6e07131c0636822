"""Whether an event is written as this code would write it, seen at a glance.

Nearly every record of the log is: the ingest service has normalised it. To see that takes less than half the time of
normalising it once more; whatever does not look so at once is left to the models, which say what is wrong with it.
"""

import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from event_schemas.attributes import check_attributes
from event_schemas.countries import all_countries
from event_schemas.dates import parse_when
from event_schemas.limits import (
    GOLDSTEIN,
    MAX_ACTORS,
    MAX_CODE_LENGTH,
    MAX_CODES,
    MAX_COUNTRIES,
    MAX_NAME_LENGTH,
    MAX_PARAGRAPHS_LENGTH,
    MAX_SCHEME_LENGTH,
    MAX_SOURCES,
    MAX_TAG_LENGTH,
    MAX_TAGS,
    MAX_URL_LENGTH,
)
from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES
from event_schemas.texts import is_address

#: Whether a JSON value is fit for a field. It may raise TypeError or ValueError instead.
_Check = Callable[[Any], bool]


def is_normal(event: Any) -> bool:
    """Whether an event already is, field by field, what `events.content_of` makes of it. False also means: not sure."""
    try:
        countries, initiators = event["countries"], event.get("initiators", ())
        return (
            _fits(event, _FIELDS)
            and event.keys() >= _REQUIRED
            and ("valence" in event or TYPES[event["type"]] is None)
            and 1 < len(countries) > len(initiators)
            and all(map(countries.__contains__, initiators))
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _fits(value: Mapping[str, Any], checks: Mapping[str, _Check]) -> bool:
    # A generator would take every event a fifth longer.
    for name, item in value.items():  # noqa: SIM110
        if not checks[name](item):
            return False
    return True


def _line_of(longest: int) -> _Check:
    """One line, trimmed and in NFC. Signs that are not printable may be fit as well."""

    def is_line(value: Any) -> bool:
        return (
            type(value) is str
            and 0 < len(value) <= longest
            and value.isprintable()
            and (value.isascii() or unicodedata.is_normalized("NFC", value))
            and value.strip() == value
        )

    return is_line


_NAME: Final = _line_of(MAX_NAME_LENGTH)
_TAG: Final = _line_of(MAX_TAG_LENGTH)
_URL: Final = _line_of(MAX_URL_LENGTH)
_SCHEME: Final = _line_of(MAX_SCHEME_LENGTH)
_CODE: Final = _line_of(MAX_CODE_LENGTH)
_COUNTRIES: Final = frozenset(code for code, _ in all_countries())


def _when(value: Any) -> bool:
    return type(value) is str and parse_when(value).text == value


def _tag(value: Any) -> bool:
    return _TAG(value) and value == value.lower()


def _url(value: Any) -> bool:
    return _URL(value) and is_address(value)


def _is_list(value: Any, most: int) -> bool:
    return type(value) is list and 0 < len(value) <= most


def _is_in_order(values: list[Any]) -> bool:
    """Whether values are sorted and unique."""
    return len(values) == 1 or values == sorted(set(values))


def _countries(value: Any) -> bool:
    return _is_list(value, MAX_COUNTRIES) and _COUNTRIES.issuperset(value) and _is_in_order(value)


def _tags(value: Any) -> bool:
    return _is_list(value, MAX_TAGS) and all(map(_tag, value)) and _is_in_order(value)


def _list_of_objects(most: int, required: str, checks: Mapping[str, _Check]) -> _Check:
    def is_list(value: Any) -> bool:
        return _is_list(value, most) and all(map(is_fit, value))

    def is_fit(item: Any) -> bool:
        return required in item and _fits(item, checks)

    return is_list


def _codes(value: Any) -> bool:
    return 0 < len(value) <= MAX_CODES and all(map(_SCHEME, value)) and all(map(_CODE, value.values()))


def _goldstein(value: Any) -> bool:
    return -GOLDSTEIN <= value <= GOLDSTEIN and (type(value) is int or (type(value) is float and value % 1 != 0))


def _attributes(value: Any) -> bool:
    return type(value) is dict and bool(value) and check_attributes(value) is value


def _one_of(names: Collection[str]) -> _Check:
    return frozenset(names).__contains__


_REQUIRED: Final = frozenset(["title", "when", "countries", "type"])
_FIELDS: Final[Mapping[str, _Check]] = {
    "title": _NAME,
    "when": _when,
    "countries": _countries,
    "initiators": _countries,
    "type": _one_of(TYPES),
    "summary": _line_of(MAX_PARAGRAPHS_LENGTH),
    "valence": _one_of(VALENCES),
    "domain": _one_of(DOMAINS),
    "stage": _one_of(STAGES),
    "actors": _list_of_objects(MAX_ACTORS, "name", {"name": _NAME, "country": _COUNTRIES.__contains__}),
    "sources": _list_of_objects(
        MAX_SOURCES, "url", {"url": _url, "title": _NAME, "publisher": _NAME, "published": _when}
    ),
    "tags": _tags,
    "codes": _codes,
    "goldstein": _goldstein,
    "attributes": _attributes,
}
