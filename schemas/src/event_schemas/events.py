"""The event: what happened between countries, normalised, with its content, digest and derived id."""

import hashlib
from typing import Annotated, Any, Final, NotRequired
from uuid import NAMESPACE_URL, uuid5

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
    with_config,
)
from typing_extensions import TypedDict

from event_schemas.attributes import check_attributes
from event_schemas.errors import RefusedEventError
from event_schemas.event_fields import Content, fields_of
from event_schemas.json_text import write_json
from event_schemas.limits import GOLDSTEIN, MAX_ACTORS, MAX_CODES, MAX_COUNTRIES, MAX_SOURCES, MAX_TAGS
from event_schemas.normal_form import OPTIONAL, normal_content, tidied
from event_schemas.refusals import FieldError, UnknownTypeError, details_of
from event_schemas.taxonomy import TYPES, Domain, Stage, Valence, nearest_types
from event_schemas.texts import (
    Code,
    Country,
    Name,
    Scheme,
    Summary,
    Tag,
    Title,
    Url,
    Uuid,
    WhenText,
    is_canonical_uuid,
    is_empty,
    normalised,
)

#: What a read adds to an event. A write may carry these, and they are ignored.
READ_ONLY: Final = frozenset([
    "earliest", "latest", "precision", "approximate", "uncertain", "pairs", "revision", "status",
    "accepted_at", "recorded_at", "revised_at", "position", "snippet",
])  # fmt: skip
MAX_EVENT_BYTES: Final = 256 * 1024
NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:dyadline")
_NAMESPACE_BYTES: Final = NAMESPACE.bytes
#: A hexadecimal digit with the two bits at its head that say which layout a UUID has (RFC 9562, 4.1).
_VARIANT: Final = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}


def _known_type(code: str) -> str:
    if code not in TYPES:
        near = nearest_types(code)
        raise UnknownTypeError(
            f"{code[:80]!r} is not a type"
            + (f": did you mean {', '.join(near)}?" if near else ": GET /v1/types lists them"),
            tuple(near),
        )
    return code


def _distinct(countries: list[str]) -> list[str]:
    if len(set(countries)) < len(countries):
        code = next(code for code in countries if countries.count(code) > 1)
        raise ValueError(f"{code} is named twice, maybe by two names: name each country once")
    return sorted(countries)


def _sorted_once(values: list[str]) -> list[str]:
    return sorted(set(values)) if len(values) > 1 else values


def _number(value: float) -> float:
    return int(value) if value == int(value) else value


def _posted(value: Any) -> Any:
    """What was posted, without what a read had added, and without optional fields that are empty."""
    if not isinstance(value, dict):
        return value
    if value.get("status") == "retracted":
        raise FieldError("status", "a retracted event cannot be posted; post its retraction instead")
    return {k: item for k, item in value.items() if not (is_empty(item) if k in OPTIONAL else k in READ_ONLY)}


def _actor(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    return _without_empty(value, "country")


def _source(value: Any) -> Any:
    return _without_empty(value, "title", "publisher", "published")


def _without_empty(value: Any, *optional: str) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: item for name, item in value.items() if name not in optional or not is_empty(item)}


def _codes(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    given = {scheme: code for scheme, code in value.items() if not is_empty(code)}
    if len(given) > 1 and len({normalised(scheme) for scheme in given}) < len(given):
        raise ValueError("a scheme stands twice once it is trimmed and in NFC: give each scheme once")
    return given or None


_CLOSED: Final = ConfigDict(extra="forbid", frozen=True, strict=True)


@with_config(_CLOSED)
class Actor(TypedDict):
    """Somebody who took part: a company, a ministry, a person."""

    name: Name
    country: NotRequired[Country]


@with_config(_CLOSED)
class Source(TypedDict):
    """Where one can read about the event."""

    url: Url
    title: NotRequired[Name]
    publisher: NotRequired[Name]
    published: NotRequired[WhenText]


class Event(BaseModel):
    """An event between two or more countries, as it is written; every field is already normalised."""

    model_config = _CLOSED

    title: Title
    when: WhenText
    countries: Annotated[list[Country], Field(min_length=2, max_length=MAX_COUNTRIES), AfterValidator(_distinct)]
    type: Annotated[str, AfterValidator(_known_type), Field(json_schema_extra={"enum": list(TYPES)})]
    initiators: Annotated[list[Country], Field(max_length=MAX_COUNTRIES), AfterValidator(_sorted_once)] | None = None
    id: Uuid | None = None
    summary: Summary | None = None
    valence: Valence | None = None
    domain: Domain | None = None
    stage: Stage | None = None
    actors: Annotated[list[Annotated[Actor, BeforeValidator(_actor)]], Field(max_length=MAX_ACTORS)] | None = None
    sources: Annotated[list[Annotated[Source, BeforeValidator(_source)]], Field(max_length=MAX_SOURCES)] | None = None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_sorted_once)] | None = None
    codes: Annotated[Annotated[dict[Scheme, Code], Field(max_length=MAX_CODES)] | None, BeforeValidator(_codes)] = None
    goldstein: Annotated[float, Field(ge=-GOLDSTEIN, le=GOLDSTEIN), AfterValidator(_number)] | None = None
    attributes: Annotated[dict[str, Any], AfterValidator(check_attributes)] | None = None

    _without_what_is_not_said = model_validator(mode="before")(_posted)

    @model_validator(mode="after")
    def _direction(self) -> "Event":
        if self.initiators is not None:
            strangers = [code for code in self.initiators if code not in self.countries]
            if strangers:
                raise FieldError("initiators", f"{', '.join(strangers)} is not among the countries: add it there")
            if len(self.initiators) == len(self.countries):
                raise FieldError("initiators", "all countries acted, so leave initiators out: the event is mutual")
        return self


def read_event(value: Any) -> Event:
    """The event in a JSON value; raises RefusedEventError, which lists everything that is wrong."""
    try:
        return Event.model_validate(value)
    except ValidationError as error:
        raise RefusedEventError(details_of(error)) from error


def read_content(value: Any) -> Content:
    """What the event in a JSON value says, as `content_of` and `read_event` have it, and it raises the same."""
    return normal_content(value) or said_by(read_event(value))


def read_posted(value: Any) -> tuple[Content, str | None]:
    """The same of an event as people post it, and the id that it names, if any."""
    try:
        tidy, event_id = tidied(value)
        content = normal_content(tidy)
        if content is not None and (event_id is None or is_canonical_uuid(event_id)):
            return content, event_id
    except (AttributeError, KeyError, TypeError, ValueError):
        pass  # the models say what is wrong with it, if anything is
    event = read_event(value)
    return said_by(event), event.id


def said_by(event: Event) -> Content:
    """What an event that was read says."""
    said = content_of(event)
    return Content(fields_of(said), write_json(said))


def content_of(event: Event) -> dict[str, Any]:
    """What the event says: without `id`, nothing that is empty, `valence` filled in."""
    content = {name: value for name, value in event.__dict__.items() if value is not None}
    content.pop("id", None)
    if event.valence is None and (usual := TYPES[event.type]) is not None:
        content["valence"] = usual
    return content


def digest_of(content: bytes) -> str:
    """SHA-256 in hex of a content's canonical bytes (`json_text.write_json`)."""
    return hashlib.sha256(content).hexdigest()


def id_from_digest(digest: str) -> str:
    """The id of an event that came with neither id nor key: the same words, the same event."""
    return derive_uuid("content", digest)


def id_from_key(principal: str, key: str) -> str:
    """The id of an event posted by `principal` with an Idempotency-Key."""
    return derive_uuid("key", principal, key)


def id_from_origin(source: str, identifier: str) -> str:
    """The id of an event that came as a CloudEvent, from its `source` and `id`."""
    return derive_uuid("origin", source, identifier)


def derive_uuid(*parts: str | int | None) -> str:
    """UUIDv5 (RFC 9562) of the parts' canonical JSON array, below `NAMESPACE`."""
    # As uuid.uuid5 does, without its object: this runs for every event.
    text = hashlib.sha1(_NAMESPACE_BYTES + write_json(parts), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"
