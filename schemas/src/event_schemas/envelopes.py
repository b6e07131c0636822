"""What a CloudEvent of the log says around its data: who, which, when."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from event_schemas.errors import MalformedRecordError
from event_schemas.texts import BATCH_WORDS, is_batch, is_canonical_uuid, is_one_line

SOURCE: Final = "urn:dyadline:"
LONGEST: Final = 1024
LAST_YEAR: Final = 9998
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_OUT_OF_YEARS: Final = f"the CloudEvent's time lies outside the years 1 to {LAST_YEAR} in UTC"
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[^,]")


def text_of(envelope: Mapping[str, Any], name: str) -> str:
    """An attribute that must be there; raises MalformedRecordError."""
    value = envelope.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRecordError(f"the CloudEvent's {name} is missing")
    # PostgreSQL keeps no NUL, and an index no key of any length.
    if len(value) > LONGEST or not is_one_line(value):
        raise MalformedRecordError(f"the CloudEvent's {name} is not one line of at most {LONGEST} characters")
    return value


def principal_of(envelope: Mapping[str, Any]) -> str:
    """Who posted it; raises MalformedRecordError."""
    source = text_of(envelope, "source")
    if not source.startswith(SOURCE) or source == SOURCE:
        raise MalformedRecordError(f"source is not {SOURCE}NAME")
    return source[len(SOURCE) :]


def event_id_of(envelope: Mapping[str, Any], key: bytes | None) -> str:
    """The id of the event that it is about, which is the record's key too; raises MalformedRecordError."""
    subject = text_of(envelope, "subject")
    if key is None or key != subject.encode():
        raise MalformedRecordError("the key is not the event id in the CloudEvent's subject")
    if not is_canonical_uuid(subject):
        raise MalformedRecordError("the key is not a UUID of 36 lower-case characters")
    return subject


def time_of(envelope: Mapping[str, Any]) -> datetime:
    """When it was accepted, in UTC; raises MalformedRecordError."""
    return moment_of(text_of(envelope, "time"))


def moment_of(text: str) -> datetime:
    """The instant that a CloudEvent's time names, in UTC; raises MalformedRecordError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedRecordError("the CloudEvent's time is not RFC 3339") from error
    if moment.tzinfo is None:
        raise MalformedRecordError("the CloudEvent's time has no offset from UTC")
    if not _TIME.match(text):  # other forms of ISO 8601, such as weeks
        raise MalformedRecordError("the CloudEvent's time is not RFC 3339")
    if moment.tzinfo is not UTC:
        try:
            moment = moment.astimezone(UTC)
        except OverflowError as error:
            raise MalformedRecordError(_OUT_OF_YEARS) from error
    # PostgreSQL's client takes the very first and last moment for infinity.
    if moment.year > LAST_YEAR or moment == _FIRST:
        raise MalformedRecordError(_OUT_OF_YEARS)
    return moment


def origin_of(envelope: Mapping[str, Any]) -> tuple[str, str] | None:
    """Source and id of the CloudEvent that the event came as, if it did; raises MalformedRecordError."""
    if "originsource" not in envelope and "originid" not in envelope:
        return None
    return text_of(envelope, "originsource"), text_of(envelope, "originid")


def batch_of(envelope: Mapping[str, Any]) -> str | None:
    """The name of the load that the record came with, if it has one; raises MalformedRecordError."""
    name = envelope.get("batch")
    if name is not None and not (isinstance(name, str) and is_batch(name)):
        raise MalformedRecordError(f"the CloudEvent's batch is not a name of {BATCH_WORDS}")
    return name


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"
