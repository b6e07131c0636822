"""Whether an event is written as this code would write it, seen at a glance.

Nearly every record of the log is, for the ingest service has normalised it, and so is nearly every event that is posted
once it has been tidied. To see that takes a fraction of the time of normalising it; whatever does not look so at once
is left to the models (`events.Event`), which say what is wrong with it. The two must never differ.
"""

import unicodedata
from collections.abc import Sequence
from operator import lt
from typing import Any, Final

from msgspec import convert

from event_schemas.attributes import check_attributes
from event_schemas.countries import country_code
from event_schemas.dates import parse_when
from event_schemas.event_fields import Content, EventFields, write_fields
from event_schemas.json_text import write_json
from event_schemas.limits import MAX_COUNTRIES, MAX_TAGS
from event_schemas.taxonomy import TYPES
from event_schemas.texts import is_address

#: What an event need not say: where it is empty, it is taken as not said.
OPTIONAL: Final = frozenset([
    "initiators", "id", "summary", "valence", "domain", "stage", "actors", "sources", "tags", "codes",
    "goldstein", "attributes",
])  # fmt: skip


def normal_content(event: Any) -> Content | None:
    """The content of an event that already is, field by field, what `events.content_of` makes of it.

    None where it is not, or where that is not seen at once.
    """
    try:
        fields = convert(event, EventFields)
        text = write_fields(fields) if _is_written_canonically(fields) else write_json(event)
        return Content(fields, text) if _is_normal(fields, text) else None
    except (ValueError, TypeError, RecursionError):  # msgspec's are of the first kind
        return None


def normal_text(fields: EventFields) -> bytes | None:
    """The canonical bytes of fields, where `normal_content` would find them normal; raises ValueError for some others.

    They were read from JSON that says the same, byte for byte, as is written of them.
    """
    text = write_fields(fields)
    return text if _is_written_canonically(fields) and _is_normal(fields, text) else None


def _is_written_canonically(fields: EventFields) -> bool:
    """Whether what the order of the fields and their types leave open is as `write_json` has it."""
    codes, attributes, goldstein = fields.codes, fields.attributes, fields.goldstein
    return (
        (codes is None or _is_set(list(codes)))
        and (attributes is None or write_fields(attributes) == write_json(attributes))
        and (type(goldstein) is not float or write_fields(goldstein) == write_json(goldstein))
    )


def _is_normal(fields: EventFields, text: bytes) -> bool:
    """Whether fields whose types, lengths and words are right are normal in all else; raises ValueError for some."""
    return _is_ordered(fields) and _is_sound(fields) and _is_plain(text)


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


def _is_ordered(fields: EventFields) -> bool:
    """Whether lists that are sets are sorted and unique, and some of the countries acted, but not all of them."""
    countries, initiators, tags = fields.countries, fields.initiators, fields.tags
    return (
        _is_set(countries)
        and (len(tags) < 2 or _is_set(tags))
        and (
            not initiators
            or (
                len(initiators) < len(countries)
                and _is_set(initiators)
                and all(map(countries.__contains__, initiators))
            )
        )
    )


def _is_set(values: Sequence[str]) -> bool:
    return all(map(lt, values, values[1:]))


def _is_sound(fields: EventFields) -> bool:
    """Whether dates, addresses, tags and numbers are what they should be; raises ValueError where some are not."""
    parse_when(fields.when)
    for source in fields.sources:
        if not is_address(source.url):
            return False
        if source.published is not None:
            parse_when(source.published)
    if fields.attributes is not None and not check_attributes(fields.attributes):
        return False  # what is empty is left out
    if fields.valence is None and TYPES[fields.type] is not None:
        return False
    if type(fields.goldstein) is float and fields.goldstein % 1 == 0:
        return False  # it is written as an integer
    if fields.tags:
        tags = "\n".join(fields.tags)
        return tags == tags.lower()
    return True


def _is_plain(content: bytes) -> bool:
    """Whether all texts in a JSON text without blanks between them are printable, trimmed and in NFC.

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
