"""The event: what happened between countries, normalised, with its content, digest and derived id."""

import hashlib
from typing import Annotated, Any, Final
from uuid import NAMESPACE_URL, uuid5

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from event_schemas.attributes import check_attributes
from event_schemas.countries import pairs_of
from event_schemas.errors import Detail, RefusedEventError
from event_schemas.json_text import write_json
from event_schemas.taxonomy import TYPES, Domain, Stage, Valence, nearest_types
from event_schemas.texts import Code, Country, Empty, Name, Scheme, Summary, Tag, Title, Url, Uuid, WhenText

#: What a read adds to an event. A write may carry these, and they are ignored.
READ_ONLY: Final = frozenset(
    [
        "earliest",
        "latest",
        "precision",
        "approximate",
        "uncertain",
        "pairs",
        "revision",
        "status",
        "accepted_at",
        "recorded_at",
        "revised_at",
        "position",
        "snippet",
    ]
)
MAX_EVENT_BYTES: Final = 256 * 1024
NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:dyadline")


def _known_type(code: str) -> str:
    if code not in TYPES:
        near = nearest_types(code)
        raise UnknownTypeError(
            f"{code[:80]!r} is not a type"
            + (f": did you mean {', '.join(near)}?" if near else ": GET /v1/types at the timeline service lists them"),
            tuple(near),
        )
    return code


def _distinct(countries: list[str]) -> list[str]:
    for code in countries:
        if countries.count(code) > 1:
            raise ValueError(f"{code} is named twice, maybe by two names: name each country once")
    return sorted(countries)


def _sorted_once(values: list[str]) -> list[str]:
    return sorted(set(values))


def _known_codes(value: Any) -> Any:
    return {k: v for k, v in value.items() if v not in (None, "")} or None if isinstance(value, dict) else value


def _number(value: float) -> float:
    return int(value) if value == int(value) else value


class UnknownTypeError(ValueError):
    """A type outside the taxonomy; `candidates` holds the nearest codes."""

    def __init__(self, message: str, candidates: tuple[str, ...]) -> None:
        super().__init__(message)
        self.candidates = candidates


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Actor(_Closed):
    """Somebody who took part: a company, a ministry, a person."""

    name: Name
    country: Annotated[Country | None, Empty] = None

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Source(_Closed):
    """Where one can read about the event."""

    url: Url
    title: Annotated[Name | None, Empty] = None
    publisher: Annotated[Name | None, Empty] = None
    published: Annotated[WhenText | None, Empty] = None


class Event(_Closed):
    """An event between two or more countries, as it is written; every field is already normalised."""

    title: Title
    when: WhenText
    countries: Annotated[list[Country], Field(min_length=2, max_length=60), AfterValidator(_distinct)]
    type: Annotated[str, AfterValidator(_known_type), Field(json_schema_extra={"enum": list(TYPES)})]
    initiators: Annotated[
        Annotated[list[Country], Field(max_length=60), AfterValidator(_sorted_once)] | None, Empty
    ] = None
    id: Annotated[Uuid | None, Empty] = None
    summary: Annotated[Summary | None, Empty] = None
    valence: Annotated[Valence | None, Empty] = None
    domain: Annotated[Domain | None, Empty] = None
    stage: Annotated[Stage | None, Empty] = None
    actors: Annotated[Annotated[list[Actor], Field(max_length=50)] | None, Empty] = None
    sources: Annotated[Annotated[list[Source], Field(max_length=50)] | None, Empty] = None
    tags: Annotated[Annotated[list[Tag], Field(max_length=50), AfterValidator(_sorted_once)] | None, Empty] = None
    codes: Annotated[Annotated[dict[Scheme, Code], Field(max_length=20)] | None, BeforeValidator(_known_codes)] = None
    goldstein: Annotated[Annotated[float, Field(ge=-10, le=10), AfterValidator(_number)] | None, Empty] = None
    attributes: Annotated[Annotated[dict[str, Any], AfterValidator(check_attributes)] | None, Empty] = None

    @model_validator(mode="before")
    @classmethod
    def _without_read_only(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if value.get("status") == "retracted":
            raise ValueError("status: a retracted event cannot be posted; post its retraction instead")
        return value if READ_ONLY.isdisjoint(value) else {k: v for k, v in value.items() if k not in READ_ONLY}

    @model_validator(mode="after")
    def _direction(self) -> "Event":
        if self.initiators is not None:
            strangers = [code for code in self.initiators if code not in self.countries]
            if strangers:
                raise ValueError(f"initiators: {', '.join(strangers)} is not among the countries: add it there")
            if len(self.initiators) == len(self.countries):
                raise ValueError("initiators: all countries acted, so leave initiators out: the event is mutual")
        return self

    @property
    def pairs(self) -> list[str]:
        """The canonical names of the pairs that the event belongs to, sorted."""
        return pairs_of(self.countries, self.initiators or [])


def read_event(value: Any) -> Event:
    """The event in a JSON value; raises RefusedEventError, which lists everything that is wrong."""
    try:
        return Event.model_validate(value)
    except ValidationError as error:
        raise RefusedEventError(details_of(error)) from error


def content_of(event: Event) -> dict[str, Any]:
    """What the event says: without `id`, nothing that is empty, `valence` filled in."""
    content = {name: value for name, value in event.__dict__.items() if value is not None and name != "id"}
    if event.actors is not None:
        content["actors"] = [_filled(actor) for actor in event.actors]
    if event.sources is not None:
        content["sources"] = [_filled(source) for source in event.sources]
    valence = event.valence or TYPES[event.type]
    if valence is not None:
        content["valence"] = valence
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
    return str(uuid5(NAMESPACE, write_json(list(parts)).decode()))


def details_of(error: ValidationError) -> list[Detail]:
    """Pydantic's errors as JSON Pointers with what was expected there."""
    details = []
    for item in error.errors(include_url=False, include_input=False):
        path = [part for part in item["loc"] if not _is_branch(part)]
        cause = item.get("ctx", {}).get("error")
        words = str(cause) if isinstance(cause, Exception) else _WORDS.get(item["type"], item["msg"])
        if isinstance(cause, ValueError) and not path:
            field, colon, rest = words.partition(": ")
            if colon and field in Event.model_fields | {"status": None}:
                path, words = [field], rest
        candidates = tuple(getattr(cause, "candidates", ()))
        details.append(Detail("".join(f"/{_escape(part)}" for part in path), words, candidates))
    return details


_WORDS: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a field of an event: leave it out, or put it below attributes",
    "string_type": "expected a string",
    "list_type": "expected a list",
    "dict_type": "expected an object",
    "model_type": "expected an object",
    "float_type": "expected a number",
}


def _is_branch(part: int | str) -> bool:
    return isinstance(part, str) and (part == "[key]" or part.startswith(("function-", "nullable[")))


def _escape(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _filled(model: BaseModel) -> dict[str, Any]:
    return {name: value for name, value in model.__dict__.items() if value is not None}
