"""Taking an event in: from a JSON value to the record that the log will hold. Pure but for the clock it is given."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from event_schemas.countries import pairs_of
from event_schemas.errors import Detail, RefusedEventError
from event_schemas.events import (
    MAX_EVENT_BYTES,
    digest_of,
    id_from_digest,
    id_from_key,
    id_from_origin,
    read_posted,
)
from event_schemas.json_text import write_json
from event_schemas.record_builders import corrected, recorded, retracted
from event_schemas.records import MAX_RECORD_BYTES, Record, encode_value
from event_schemas.requests import Correction, Retraction, read_correction, read_retraction
from ingest_service.errors import TooLargeError

#: What Kafka adds around a value: its key, header and lengths, far below this.
_ENVELOPE_BYTES: Final = 1024
_MICROSECOND: Final = timedelta(microseconds=1)
Origin = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request says of all its records: who posts them, why they correct what is there, of which load they are.

    A load's name has no part in an id: the same event in another load is the same one.
    """

    principal: str
    correcting: str | None = None
    batch: str | None = None


class Accepted(NamedTuple):
    """A record that is ready for the log, as its key and value."""

    record: Record
    key: bytes
    value: bytes

    @property
    def normalised(self) -> dict[str, Any]:
        """The event that it brings, as it is recorded, with its id."""
        return {"id": self.record.event_id, **self.record.event_json}

    @property
    def pairs(self) -> list[str]:
        """The pairs to which that event belongs."""
        event = self.record.event
        return pairs_of(event.countries, event.initiators) if event is not None else []


class Clock:
    """Times of acceptance: now in microseconds, strictly increasing within a request."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._last = datetime.min.replace(tzinfo=UTC)

    def tick(self) -> datetime:
        """The next time."""
        self._last = max(self._now(), self._last + _MICROSECOND)
        return self._last


def accept_event(
    value: Any, terms: Terms, *, accepted_at: datetime, key: str | None = None, origin: Origin | None = None
) -> Accepted:
    """The record of a posted event, whose id is its own, else from its origin or key, else from its content.

    Raises RefusedEventError and TooLargeError.
    """
    (said, content), event_id = read_posted(value)
    digest = digest_of(content)
    if event_id is not None:
        pass
    elif origin is not None:
        event_id = id_from_origin(*origin)
    else:
        event_id = id_from_key(terms.principal, key) if key is not None else id_from_digest(digest)
    record = recorded(
        said,
        event_id,
        content,
        digest,
        principal=terms.principal,
        accepted_at=accepted_at,
        origin=origin,
        correcting=terms.correcting,
        batch=terms.batch,
    )
    return _ready(record)


def accept_correction(
    value: Any, event_id: str, terms: Terms, *, accepted_at: datetime, key: str | None = None
) -> Accepted:
    """The record of a correction of an event; raises RefusedEventError and TooLargeError."""
    return take_correction(read_correction(value), event_id, terms, accepted_at=accepted_at, key=key)


def accept_retraction(
    value: Any, event_id: str, terms: Terms, *, accepted_at: datetime, key: str | None = None
) -> Accepted:
    """The record of a retraction of an event; raises RefusedEventError."""
    return take_retraction(read_retraction(value), event_id, terms, accepted_at=accepted_at, key=key)


def take_correction(
    correction: Correction, event_id: str, terms: Terms, *, accepted_at: datetime, key: str | None = None
) -> Accepted:
    """The record of a correction that was read; raises RefusedEventError for one of another event, TooLargeError."""
    if correction.event.id not in (None, event_id):
        said = f"is {correction.event.id}, but the correction is posted to {event_id}: leave it out"
        raise RefusedEventError([Detail("/event/id", said)])
    record = corrected(
        correction, event_id, principal=terms.principal, accepted_at=accepted_at, key=key, batch=terms.batch
    )
    return _ready(record)


def take_retraction(
    retraction: Retraction, event_id: str, terms: Terms, *, accepted_at: datetime, key: str | None = None
) -> Accepted:
    """The record of a retraction that was read."""
    record = retracted(
        retraction, event_id, principal=terms.principal, accepted_at=accepted_at, key=key, batch=terms.batch
    )
    return _ready(record)


def require_event_size(size: int) -> None:
    """Raises TooLargeError for an event of so many bytes as sent."""
    if size > MAX_EVENT_BYTES:
        raise TooLargeError(f"an event is at most {MAX_EVENT_BYTES} bytes (256 KiB), this one has {size}")


def require_event_size_within(whole: Any, field: str, size: int) -> None:
    """Raises TooLargeError for an event that is a field of something of so many bytes, and is itself too large."""
    if size > MAX_EVENT_BYTES and isinstance(whole, dict) and field in whole:
        size = size_of(whole[field])
    require_event_size(size)


def size_of(value: Any) -> int:
    """How many bytes a value has as JSON, at least."""
    try:
        return len(write_json(value))
    except ValueError:  # an integer beyond 64 bits: most fields refuse it, those that are ignored may hold it
        return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _ready(record: Record) -> Accepted:
    value = encode_value(record)
    if len(value) > MAX_RECORD_BYTES - _ENVELOPE_BYTES:
        raise TooLargeError(f"normalised, the event has {len(value)} bytes: the log takes at most 1 MiB")
    return Accepted(record, record.event_id.encode(), value)
