"""The log's records: CloudEvents 1.0 in structured JSON, one version after the other.

A record says what somebody recorded, corrected or retracted about one event. Its key is the event's id.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import uuid4

import orjson

from event_schemas.errors import MalformedRecordError, RefusedEventError, UnknownVersionError, UnreadableError
from event_schemas.events import Event, content_of, derive_uuid, digest_of, read_event
from event_schemas.json_text import read_json, write_json
from event_schemas.requests import Correction, Retraction, read_correction, read_retraction
from event_schemas.texts import is_canonical_uuid

Action = Literal["recorded", "corrected", "retracted"]

TOPIC: Final = "dyadline.events.v1"
SOURCE: Final = "urn:dyadline:"
ANONYMOUS: Final = "anonymous"
CONTENT_TYPE: Final = b"application/cloudevents+json; charset=UTF-8"
HEADERS: Final = (("content-type", CONTENT_TYPE),)
MAX_RECORD_BYTES: Final = 1024 * 1024
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[^,]")
_TYPES: Final[dict[str, Action]] = {
    "dyadline.event.recorded.v1": "recorded",
    "dyadline.event.corrected.v1": "corrected",
    "dyadline.event.retracted.v1": "retracted",
}
_VERSIONED: Final = {name.rpartition(".v")[0] for name in _TYPES}
_TYPE_OF: Final = {action: name for name, action in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log. `content` and `digest` are those of the event that it brings, if any."""

    record_id: str
    event_id: str
    action: Action
    principal: str
    accepted_at: datetime
    event: Event | None = None
    content: bytes | None = None
    digest: str | None = None
    reason: str | None = None
    expected_revision: int | None = None
    duplicate_of: str | None = None
    origin: tuple[str, str] | None = None


def recorded(
    event: Event,
    event_id: str,
    content: bytes,
    digest: str,
    *,
    principal: str,
    accepted_at: datetime,
    origin: tuple[str, str] | None = None,
) -> Record:
    """The record of a new event. The same event posted again has the same record id."""
    return Record(
        record_id=derive_uuid("recorded", event_id, digest),
        event_id=event_id,
        action="recorded",
        principal=principal,
        accepted_at=accepted_at,
        event=event,
        content=content,
        digest=digest,
        origin=origin,
    )


def corrected(
    correction: Correction,
    event_id: str,
    *,
    principal: str,
    accepted_at: datetime,
    key: str | None = None,
) -> Record:
    """The record of a correction. With a key or an expectation, the same one again has the same record id."""
    fields = _event_fields(correction.event)
    return Record(
        record_id=_change_id(
            "corrected", event_id, principal, key, correction.expected_revision, fields["digest"], correction.reason
        ),
        event_id=event_id,
        action="corrected",
        principal=principal,
        accepted_at=accepted_at,
        reason=correction.reason,
        expected_revision=correction.expected_revision,
        **fields,
    )


def retracted(
    retraction: Retraction,
    event_id: str,
    *,
    principal: str,
    accepted_at: datetime,
    key: str | None = None,
) -> Record:
    """The record of a retraction. With a key or an expectation, the same one again has the same record id."""
    return Record(
        record_id=_change_id(
            "retracted",
            event_id,
            principal,
            key,
            retraction.expected_revision,
            retraction.duplicate_of,
            retraction.reason,
        ),
        event_id=event_id,
        action="retracted",
        principal=principal,
        accepted_at=accepted_at,
        reason=retraction.reason,
        expected_revision=retraction.expected_revision,
        duplicate_of=retraction.duplicate_of,
    )


def _change_id(
    action: Action,
    event_id: str,
    principal: str,
    key: str | None,
    expected_revision: int | None,
    content: str | None,
    reason: str,
) -> str:
    if key is not None:
        return derive_uuid("change", principal, key, event_id)
    if expected_revision is not None:
        return derive_uuid(action, event_id, content, reason, expected_revision)
    return str(uuid4())  # without either, two people who say the same mean two changes


def encode_value(record: Record) -> bytes:
    """The record's value in Kafka: a CloudEvent, whose `data` holds an event's canonical content."""
    data: Any = orjson.Fragment(record.content) if record.content is not None else None
    if record.action == "corrected":
        data = _given(event=data, expected_revision=record.expected_revision, reason=record.reason)
    elif record.action == "retracted":
        data = _given(
            duplicate_of=record.duplicate_of, expected_revision=record.expected_revision, reason=record.reason
        )
    type_name = _TYPE_OF[record.action]
    envelope = {
        "specversion": "1.0",
        "id": record.record_id,
        "source": SOURCE + record.principal,
        "type": type_name,
        "subject": record.event_id,
        "time": format_time(record.accepted_at),
        "datacontenttype": "application/json",
        "dataschema": f"urn:dyadline:schema:{type_name}",
        "data": data,
    }
    if record.origin is not None:
        envelope["originsource"], envelope["originid"] = record.origin
    return orjson.dumps(envelope)


def decode(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Record:
    """The record in a Kafka record's bytes.

    Raises MalformedRecordError for what is not ours, UnknownVersionError for ours in a newer version.
    """
    if not value:
        raise MalformedRecordError("the value is empty" if value is not None else "a tombstone: no value")
    if dict(headers).get("content-type") != CONTENT_TYPE:
        raise MalformedRecordError(f"the content-type header is not {CONTENT_TYPE.decode()}")
    try:
        envelope = read_json(value)
    except UnreadableError as error:
        raise MalformedRecordError(f"the value is {error}") from error
    if not isinstance(envelope, dict):
        raise MalformedRecordError("the value is not a CloudEvent: expected a JSON object")
    subject = _text(envelope, "subject")
    if key is None or key != subject.encode():
        raise MalformedRecordError("the key is not the event id in the CloudEvent's subject")
    type_name = _text(envelope, "type")
    action = _TYPES.get(type_name)
    if action is None:
        family, dot, version = type_name.rpartition(".v")
        if dot and family in _VERSIONED and version.isascii() and version.isdigit():
            raise UnknownVersionError(f"{type_name} is a version that this code does not know")
        raise MalformedRecordError(f"type {type_name[:80]!r} is not one of ours")
    if envelope.get("specversion") != "1.0":
        raise MalformedRecordError("specversion is not 1.0")
    source = _text(envelope, "source")
    if not source.startswith(SOURCE):
        raise MalformedRecordError(f"source is not {SOURCE}NAME")
    try:
        return _READERS[action](
            envelope.get("data"),
            {
                "record_id": _text(envelope, "id"),
                "event_id": _canonical_id(subject),
                "principal": source[len(SOURCE) :],
                "accepted_at": _parse_time(_text(envelope, "time")),
                "origin": _origin(envelope),
            },
        )
    except RefusedEventError as error:
        raise MalformedRecordError(f"data is not valid: {error}") from error


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _recorded(data: Any, common: dict[str, Any]) -> Record:
    return Record(action="recorded", **_event_fields(read_event(data)), **common)


def _corrected(data: Any, common: dict[str, Any]) -> Record:
    correction: Correction = read_correction(data)
    return Record(
        action="corrected",
        reason=correction.reason,
        expected_revision=correction.expected_revision,
        **_event_fields(correction.event),
        **common,
    )


def _retracted(data: Any, common: dict[str, Any]) -> Record:
    retraction: Retraction = read_retraction(data)
    return Record(
        action="retracted",
        reason=retraction.reason,
        expected_revision=retraction.expected_revision,
        duplicate_of=retraction.duplicate_of,
        **common,
    )


_READERS: Final[dict[Action, Callable[[Any, dict[str, Any]], Record]]] = {
    "recorded": _recorded,
    "corrected": _corrected,
    "retracted": _retracted,
}


def _event_fields(event: Event) -> dict[str, Any]:
    content = write_json(content_of(event))
    return {"event": event, "content": content, "digest": digest_of(content)}


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _text(envelope: Mapping[str, Any], name: str) -> str:
    value = envelope.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRecordError(f"the CloudEvent's {name} is missing")
    return value


def _canonical_id(subject: str) -> str:
    if not is_canonical_uuid(subject):
        raise MalformedRecordError("the key is not a UUID of 36 lower-case characters")
    return subject


def _parse_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedRecordError("the CloudEvent's time is not RFC 3339") from error
    if moment.tzinfo is None:
        raise MalformedRecordError("the CloudEvent's time has no offset from UTC")
    if not _TIME.match(text):  # other forms of ISO 8601, such as weeks
        raise MalformedRecordError("the CloudEvent's time is not RFC 3339")
    return moment.astimezone(UTC)


def _origin(envelope: Mapping[str, Any]) -> tuple[str, str] | None:
    source, identifier = envelope.get("originsource"), envelope.get("originid")
    return (source, identifier) if isinstance(source, str) and isinstance(identifier, str) else None
