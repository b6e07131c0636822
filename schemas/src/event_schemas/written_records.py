"""A record that is written as this code writes it, read in one go.

So are nearly all records of the log. One that is not seen to be so is left to `records.decode`, which says what is
wrong with it, if anything is. The two must never differ.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple, TypeAlias

from msgspec import Meta, Raw
from msgspec.json import Decoder, Encoder

from event_schemas.envelopes import LONGEST, SOURCE, moment_of
from event_schemas.errors import MalformedRecordError
from event_schemas.event_fields import EventFields, Fields, Given
from event_schemas.limits import MAX_PARAGRAPHS_LENGTH
from event_schemas.normal_form import normal_text
from event_schemas.requests import MAX_REVISION, OnExisting
from event_schemas.texts import is_batch, is_canonical_uuid, is_one_line, normalised
from event_schemas.versions import CURRENT, Action, read_type

if TYPE_CHECKING:
    _Event: TypeAlias = EventFields | Raw
else:
    _Event = EventFields
_Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
_Revision = Annotated[int, Meta(ge=1, le=MAX_REVISION)]


class Data(Fields, frozen=True, kw_only=True):
    """What a record brings, in the order in which it is written. It is read as an event, and written as its content."""

    duplicate_of: Given[str] = None
    event: Given[_Event] = None
    expected_revision: Given[_Revision] = None
    on_existing: Given[OnExisting] = None
    reason: Given[Annotated[str, Meta(min_length=1, max_length=MAX_PARAGRAPHS_LENGTH)]] = None


class Envelope(Fields, frozen=True, kw_only=True):
    """The CloudEvent around it, in the order in which it is written."""

    specversion: Literal["1.0"]
    id: _Text
    source: _Text
    type: _Text
    subject: _Text
    time: _Text
    datacontenttype: Literal["application/json"]
    dataschema: _Text
    data: Data
    originsource: Given[_Text] = None
    originid: Given[_Text] = None
    batch: Given[str] = None


class WrittenRecord(NamedTuple):
    """What was read: the envelope, what it does, when it was accepted, its event with its content, if any."""

    envelope: Envelope
    action: Action
    accepted_at: datetime
    event: EventFields | None
    content: bytes | None


_read: Final = Decoder(Envelope).decode
#: A record's value in Kafka.
write_record: Final = Encoder().encode


def read_written(key: bytes, value: bytes) -> WrittenRecord | None:
    """The record in a key and a value; None where it is not written as we would, or that is not seen at once."""
    try:
        envelope = _read(value)
        if write_record(envelope) != value:  # something is unknown, twice, elsewhere or otherwise written
            return None
        action, version = read_type(envelope.type)
        if version != CURRENT[action] or key != envelope.subject.encode() or not _is_plain(envelope):
            return None
        accepted_at = moment_of(envelope.time)
        if accepted_at.tzinfo is not UTC or not _IS_WHOLE[action](envelope.data):
            return None
        event = envelope.data.event
        assert not isinstance(event, Raw)
        content = normal_text(event) if event is not None else None
        return (
            WrittenRecord(envelope, action, accepted_at, event, content)
            if content is not None or event is None
            else None
        )
    except (ValueError, TypeError, RecursionError, MalformedRecordError):  # msgspec's are of the first kind
        return None


def _is_plain(envelope: Envelope) -> bool:
    """Whether the texts around the event are one line each, a source of ours, and a UUID where one is meant."""
    data, origin = envelope.data, envelope.originsource
    return (
        envelope.source.startswith(SOURCE)
        and len(envelope.source) > len(SOURCE)
        and f"{envelope.id}{envelope.source}{envelope.time}".isprintable()
        and (origin is None) == (envelope.originid is None)
        and (origin is None or is_one_line(f"{origin}{envelope.originid}"))
        and is_canonical_uuid(envelope.subject)
        and (envelope.batch is None or is_batch(envelope.batch))
        and (data.reason is None or (data.reason.isprintable() and data.reason == normalised(data.reason)))
        and (data.duplicate_of is None or is_canonical_uuid(data.duplicate_of))
    )


def _is_recording(data: Data) -> bool:
    return (
        data.event is not None
        and (data.on_existing is None) == (data.reason is None)
        and data.expected_revision is None
        and data.duplicate_of is None
    )


def _is_correction(data: Data) -> bool:
    return data.event is not None and data.reason is not None and data.on_existing is None and data.duplicate_of is None


def _is_retraction(data: Data) -> bool:
    return data.event is None and data.reason is not None and data.on_existing is None


_IS_WHOLE: Final[dict[Action, Callable[[Data], bool]]] = {
    "recorded": _is_recording,
    "corrected": _is_correction,
    "retracted": _is_retraction,
}
