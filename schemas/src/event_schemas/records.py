"""The log's records: CloudEvents 1.0 in structured JSON, one version after the other.

A record says what somebody recorded, corrected or retracted about one event. Its key is the event's id.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from msgspec import Raw

from event_schemas.envelopes import (
    SOURCE,
    batch_of,
    event_id_of,
    format_time,
    origin_of,
    principal_of,
    text_of,
    time_of,
)
from event_schemas.errors import MalformedRecordError, RefusedEventError, UnreadableError
from event_schemas.event_fields import EventFields
from event_schemas.events import digest_of, read_content, said_by
from event_schemas.json_text import read_json
from event_schemas.requests import (
    Correction,
    OnExisting,
    Retraction,
    read_correction,
    read_recording,
    read_retraction,
)
from event_schemas.versions import Action, read_type, type_name, upcast
from event_schemas.written_records import Data, Envelope, WrittenRecord, read_written, write_record

__all__ = [
    "ANONYMOUS", "CONTENT_TYPE", "HEADERS", "MAX_RECORD_BYTES", "TOPIC",
    "Action", "Record", "decode", "encode_value", "format_time",
]  # fmt: skip

TOPIC: Final = "dyadline.events.v1"
ANONYMOUS: Final = "anonymous"
CONTENT_TYPE: Final = b"application/cloudevents+json; charset=UTF-8"
HEADERS: Final = (("content-type", CONTENT_TYPE),)
MAX_RECORD_BYTES: Final = 1024 * 1024


class Record(NamedTuple):
    """One record of the log. `content` and `digest` are those of the event that it brings, if any.

    A `recorded` one with `on_existing` corrects the event that is there, for its reason. `batch` names its load.

    It is a tuple, as are the other values that are made for every record, because those are made soonest.
    """

    record_id: str
    event_id: str
    action: Action
    principal: str
    accepted_at: datetime
    event: EventFields | None = None
    content: bytes | None = None
    digest: str | None = None
    reason: str | None = None
    expected_revision: int | None = None
    duplicate_of: str | None = None
    origin: tuple[str, str] | None = None
    on_existing: OnExisting | None = None
    batch: str | None = None

    @property
    def event_json(self) -> dict[str, Any]:
        """Its event as JSON has it; empty where it brings none."""
        return orjson.loads(self.content) if self.content is not None else {}

    @property
    def may_change(self) -> bool:
        """Whether it may change an event that is there already."""
        return self.action != "recorded" or self.on_existing is not None


def encode_value(record: Record) -> bytes:
    """The record's value in Kafka: a CloudEvent, whose `data` holds an event's canonical content."""
    name = type_name(record.action)
    source, source_id = record.origin or (None, None)
    return write_record(
        Envelope(
            specversion="1.0",
            id=record.record_id,
            source=SOURCE + record.principal,
            type=name,
            subject=record.event_id,
            time=format_time(record.accepted_at),
            datacontenttype="application/json",
            dataschema=f"urn:dyadline:schema:{name}",
            data=Data(
                duplicate_of=record.duplicate_of,
                event=Raw(record.content) if record.content is not None else None,
                expected_revision=record.expected_revision,
                on_existing=record.on_existing,
                reason=record.reason,
            ),
            originsource=source,
            originid=source_id,
            batch=record.batch,
        )
    )


def decode(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Record:
    """The record in a Kafka record's bytes.

    Raises MalformedRecordError for what is not ours, UnknownVersionError for a version that this code does not know.
    """
    if not value:
        raise MalformedRecordError("the value is empty" if value is not None else "a tombstone: no value")
    if headers != HEADERS and dict(headers).get("content-type") != CONTENT_TYPE:
        raise MalformedRecordError(f"the content-type header is not {CONTENT_TYPE.decode()}")
    if key is not None and (written := read_written(key, value)) is not None:
        return _record_of(written)
    try:
        envelope = read_json(value)
    except UnreadableError as error:
        raise MalformedRecordError(f"the value is {error}") from error
    if not isinstance(envelope, dict):
        raise MalformedRecordError("the value is not a CloudEvent: expected a JSON object")
    if envelope.get("specversion") != "1.0":
        raise MalformedRecordError("specversion is not 1.0")
    # The envelope is the same in all versions: with a broken one, no newer code will read the record.
    event_id = event_id_of(envelope, key)
    action, version = read_type(text_of(envelope, "type"))
    about = (text_of(envelope, "id"), event_id, action, principal_of(envelope), time_of(envelope))
    origin = origin_of(envelope)
    try:
        record = _READERS[action](upcast(action, version, envelope.get("data")), about, origin)
    except RefusedEventError as error:
        raise MalformedRecordError(f"data is not valid: {error}") from error
    if version > 1 and "batch" in envelope:
        return record._replace(batch=batch_of(envelope))
    return record


def _record_of(written: WrittenRecord) -> Record:
    envelope, action, accepted_at, event, content = written
    data, origin = envelope.data, envelope.originsource
    return Record(
        envelope.id, envelope.subject, action, envelope.source[len(SOURCE) :], accepted_at, event, content,
        digest_of(content) if content is not None else None, data.reason, data.expected_revision, data.duplicate_of,
        (origin, envelope.originid) if origin is not None and envelope.originid is not None else None,
        data.on_existing, envelope.batch,
    )  # fmt: skip


#: The first fields of a record, which its envelope says.
_About = tuple[str, str, Action, str, datetime]
_Origin = tuple[str, str] | None


def _recorded(data: Any, about: _About, origin: _Origin) -> Record:
    if type(data) is dict and len(data) == 1 and "event" in data:  # nearly all: nothing but the event
        event, reason, on_existing = data["event"], None, None
    else:
        recording = read_recording(data)
        event, reason, on_existing = recording.event, recording.reason, recording.on_existing
    try:
        event, content = read_content(event)
    except RefusedEventError as error:
        raise error.within("event") from error
    return Record(*about, event, content, digest_of(content), reason, None, None, origin, on_existing)


def _corrected(data: Any, about: _About, origin: _Origin) -> Record:
    correction: Correction = read_correction(data)
    event, content = said_by(correction.event)
    return Record(
        *about, event, content, digest_of(content), correction.reason, correction.expected_revision, origin=origin
    )


def _retracted(data: Any, about: _About, origin: _Origin) -> Record:
    retraction: Retraction = read_retraction(data)
    return Record(
        *about,
        reason=retraction.reason,
        expected_revision=retraction.expected_revision,
        duplicate_of=retraction.duplicate_of,
        origin=origin,
    )


_READERS: Final[dict[Action, Callable[[Any, _About, _Origin], Record]]] = {
    "recorded": _recorded,
    "corrected": _corrected,
    "retracted": _retracted,
}
