"""Whether an event is written as this code would write it, seen at a glance.

Nearly every record of the log is, for the ingest service has normalised it, and so is nearly every event that is posted
once it has been tidied. To see that takes a third of the time of normalising it; whatever does not look so at once is
left to the models (`events.Event`), which say what is wrong with it. The two must never differ.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from operator import lt
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, convert, defstruct

from event_schemas.attributes import check_attributes
from event_schemas.countries import all_countries, country_code
from event_schemas.dates import parse_when
from event_schemas.json_text import write_json
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

#: What an event need not say: where it is empty, it is taken as not said.
OPTIONAL: Final = frozenset([
    "initiators", "id", "summary", "valence", "domain", "stage", "actors", "sources", "tags", "codes",
    "goldstein", "attributes",
])  # fmt: skip


def normal_content(event: Any) -> bytes | None:
    """The canonical bytes of an event that already is, field by field, what `events.content_of` makes of it.

    None where it is not, or where that is not seen at once.
    """
    try:
        seen = convert(event, _EVENT)
        if not (_is_ordered(seen) and _is_sound(event, seen)):
            return None
        content = write_json(event)
    except (ValueError, TypeError, RecursionError):  # msgspec's are of the first kind
        return None
    return content if _is_plain(content) else None


def tidied(event: Any) -> tuple[dict[str, Any], Any]:
    """A posted event with what most leave to us done, where that is done in no time, and the id that it came with.

    What is empty is left out, lists are in order, countries have their codes, and the usual valence is filled in. What
    else there is to do, or what was wrong with it, `normal_content` then does not find normal. Raises ValueError,
    TypeError and KeyError for some of that.
    """
    tidy = {name: value for name, value in event.items() if value or name not in OPTIONAL or value == 0}
    given = tidy.pop("id", None)
    tidy["countries"] = sorted(_codes_of(tidy["countries"]))
    if "initiators" in tidy:
        tidy["initiators"] = sorted(set(_codes_of(tidy["initiators"])))
    if "tags" in tidy:
        tidy["tags"] = sorted(set(_listed(tidy["tags"], MAX_TAGS)))
    goldstein = tidy.get("goldstein")
    if type(goldstein) is float and goldstein % 1 == 0:
        tidy["goldstein"] = int(goldstein)
    if "valence" not in tidy and (usual := TYPES[tidy["type"]]) is not None:
        tidy["valence"] = usual
    return tidy, given


def _codes_of(countries: Any) -> list[str]:
    return [country_code(text) for text in _listed(countries, MAX_COUNTRIES)]


def _listed(value: Any, most: int) -> list[Any]:
    """A list of at most so many, also where it then holds something twice."""
    if type(value) is not list or len(value) > most:
        raise ValueError(f"no list of at most {most}")
    return value


def _is_ordered(seen: Any) -> bool:
    """Whether lists that are sets are sorted and unique, and some of the countries acted, but not all of them."""
    return (
        _is_set(seen.countries)
        and _is_set(seen.tags)
        and (
            not seen.initiators
            or (
                _is_set(seen.initiators)
                and len(seen.initiators) < len(seen.countries)
                and all(map(seen.countries.__contains__, seen.initiators))
            )
        )
    )


def _is_set(values: Sequence[str]) -> bool:
    return len(values) < 2 or all(map(lt, values, values[1:]))


def _is_sound(event: Mapping[str, Any], seen: Any) -> bool:
    """Whether dates, addresses, tags and numbers are what they should be; raises ValueError where some are not."""
    parse_when(seen.when)
    for source in seen.sources:
        if not is_address(source.url):
            return False
        if source.published:
            parse_when(source.published)
    if seen.attributes:
        check_attributes(event["attributes"])
    if not (seen.valence or TYPES[seen.type] is None):
        return False
    if seen.goldstein is not None and type(event["goldstein"]) is float and seen.goldstein % 1 == 0:
        return False  # it is written as an integer
    return [tag.lower() for tag in seen.tags] == list(seen.tags)


def _is_plain(content: bytes) -> bool:
    """Whether all texts in a content are printable, trimmed and in NFC.

    That is asked of all of them together. In JSON without blanks a quote has one beside it only within a text; with
    escaped quotes put aside, each that is left is an end. A part of a text in NFC is in NFC (UAX 15, 9).
    """
    if b"\\" in content:
        content = content.replace(b'\\"', b"'")
        if b"\\" in content:
            return False
    if b'" ' in content or b' "' in content:
        return False
    if content.isascii():
        return b"\x7f" not in content  # all others that are not printable would be escaped
    text = content.decode()
    return text.isprintable() and unicodedata.is_normalized("NFC", text)


def _text(longest: int) -> Any:
    return Annotated[str, Meta(min_length=1, max_length=longest)]


def _list(item: Any, longest: int, shortest: int = 1) -> Any:
    return Annotated[list[item], Meta(min_length=shortest, max_length=longest)]


def _words(most: int, key: Any, value: Any) -> Any:
    return Annotated[dict[key, value], Meta(min_length=1, max_length=most)]


def _one_of(words: Iterable[str]) -> Any:
    return Literal[tuple(words)]


_COUNTRY: Final = _one_of(code for code, _ in all_countries())
_NAME: Final = _text(MAX_NAME_LENGTH)
_ACTOR: Final = defstruct("Actor", [("name", _NAME), ("country", _COUNTRY, "")], forbid_unknown_fields=True)
_SOURCE: Final = defstruct(
    "Source",
    [
        ("url", _text(MAX_URL_LENGTH)),
        ("title", _NAME, ""),
        ("publisher", _NAME, ""),
        ("published", Annotated[str, Meta(min_length=1)], ""),
    ],
    forbid_unknown_fields=True,
)
#: Types, lengths and words of a content, which msgspec checks; what an event does not say is empty here.
_EVENT: Final = defstruct(
    "Event",
    [
        ("title", _NAME),
        ("when", str),
        ("countries", _list(_COUNTRY, MAX_COUNTRIES, 2)),
        ("type", _one_of(TYPES)),
        ("initiators", _list(_COUNTRY, MAX_COUNTRIES), ()),
        ("summary", _text(MAX_PARAGRAPHS_LENGTH), ""),
        ("valence", _one_of(VALENCES), ""),
        ("domain", _one_of(DOMAINS), ""),
        ("stage", _one_of(STAGES), ""),
        ("actors", _list(_ACTOR, MAX_ACTORS), ()),
        ("sources", _list(_SOURCE, MAX_SOURCES), ()),
        ("tags", _list(_text(MAX_TAG_LENGTH), MAX_TAGS), ()),
        ("codes", _words(MAX_CODES, _text(MAX_SCHEME_LENGTH), _text(MAX_CODE_LENGTH)), None),
        ("goldstein", Annotated[float, Meta(ge=-GOLDSTEIN, le=GOLDSTEIN)], None),
        ("attributes", Annotated[dict[str, Any], Meta(min_length=1)], None),
    ],
    forbid_unknown_fields=True,
)
