"""What an event says, as values that are read from its canonical JSON in one go.

The fields stand in the order of that JSON, so that an event which is written as it was read, byte for byte, is
canonical: nothing is unknown, twice, out of order or written otherwise (`normal_form`). msgspec checks types, lengths
and words. The definition of an event, with all that is asked of it, are the models (`events.Event`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from msgspec import Meta, Struct
from msgspec.json import Decoder, Encoder

from event_schemas.countries import all_countries
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
from event_schemas.taxonomy import TYPES, Domain, Stage, Valence

if TYPE_CHECKING:
    _Country: TypeAlias = str
    _Type: TypeAlias = str
    _Kind = TypeVar("_Kind")
    Given: TypeAlias = _Kind | None
else:
    _Country = Literal[tuple(code for code, _ in all_countries())]
    _Type = Literal[tuple(TYPES)]

    class Given:
        """What need not be said is None where it is not, but it is never said to be null."""

        __class_getitem__ = staticmethod(lambda kind: kind)


_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_LENGTH)]
_Scheme = Annotated[str, Meta(min_length=1, max_length=MAX_SCHEME_LENGTH)]
_Code = Annotated[str, Meta(min_length=1, max_length=MAX_CODE_LENGTH)]
_Tag = Annotated[str, Meta(min_length=1, max_length=MAX_TAG_LENGTH)]
_Goldstein = Annotated[int, Meta(ge=-GOLDSTEIN, le=GOLDSTEIN)] | Annotated[float, Meta(ge=-GOLDSTEIN, le=GOLDSTEIN)]


class Fields(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Fields of which those that say nothing are neither read nor written. None of them leads back to another."""


class ActorFields(Fields, frozen=True, kw_only=True):
    """Somebody who took part."""

    country: Given[_Country] = None
    name: _Name


class SourceFields(Fields, frozen=True, kw_only=True):
    """Where one can read about the event."""

    published: Given[Annotated[str, Meta(min_length=1)]] = None
    publisher: Given[_Name] = None
    title: Given[_Name] = None
    url: Annotated[str, Meta(min_length=1, max_length=MAX_URL_LENGTH)]


class EventFields(Fields, frozen=True, kw_only=True):
    """An event. What it does not say is None, or empty."""

    actors: Annotated[tuple[ActorFields, ...], Meta(min_length=1, max_length=MAX_ACTORS)] = ()
    attributes: Given[dict[str, Any]] = None
    codes: Given[Annotated[dict[_Scheme, _Code], Meta(min_length=1, max_length=MAX_CODES)]] = None
    countries: Annotated[tuple[_Country, ...], Meta(min_length=2, max_length=MAX_COUNTRIES)]
    domain: Given[Domain] = None
    goldstein: Given[_Goldstein] = None
    initiators: Annotated[tuple[_Country, ...], Meta(min_length=1, max_length=MAX_COUNTRIES)] = ()
    sources: Annotated[tuple[SourceFields, ...], Meta(min_length=1, max_length=MAX_SOURCES)] = ()
    stage: Given[Stage] = None
    summary: Given[Annotated[str, Meta(min_length=1, max_length=MAX_PARAGRAPHS_LENGTH)]] = None
    tags: Annotated[tuple[_Tag, ...], Meta(min_length=1, max_length=MAX_TAGS)] = ()
    title: _Name
    type: _Type
    valence: Given[Valence] = None
    when: str


class Content(NamedTuple):
    """What an event says: its fields, and these as canonical bytes (`json_text.write_json`)."""

    fields: EventFields
    text: bytes


#: Reads an event's canonical JSON, from bytes or from text; raises ValueError for what is none.
read_fields: Final = Decoder(EventFields).decode
#: Writes fields as they stand: canonical, but for what is within attributes and codes.
write_fields: Final = Encoder().encode


def fields_of(said: Mapping[str, Any]) -> EventFields:
    """The fields of what an event says, by their names; it was validated before."""
    lists = {name: tuple(said[name]) for name in ("countries", "initiators", "tags") if name in said}
    lists |= {name: tuple(kind(**item) for item in said[name]) for name, kind in _ITEMS if name in said}
    return EventFields(**{**said, **lists})


_ITEMS: Final = (("actors", ActorFields), ("sources", SourceFields))
