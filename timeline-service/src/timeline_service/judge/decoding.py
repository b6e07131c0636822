"""Records as they arrive from the log: read, or refused with a reason. Nothing is dropped."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import orjson

from event_schemas.errors import MalformedRecordError, UnknownVersionError
from event_schemas.partitions import ID_BYTES, partitions_of
from event_schemas.records import HEADERS, Record, decode
from event_schemas.texts import is_canonical_uuid
from timeline_service.errors import ExhaustedError
from timeline_service.judge.fold import RecordPosition
from timeline_service.judge.rows import make_row
from timeline_service.judge.trusted_keys import TrustedKeys

Headers = tuple[tuple[str, bytes | None], ...]
MALFORMED: Final = "malformed"
UNSIGNED: Final = "unsigned"
UNKNOWN_VERSION: Final = "unknown-version"
FAILED: Final = "failed"
#: What is longer, as only a compressed record can be, is none of ours, and its bytes stay in the log: PostgreSQL takes
#: fields of less than 1 GiB, and such a record would be tried again for ever.
MAX_BYTES: Final = 16 * 1024 * 1024
#: What depends on the machine and the moment: a verdict must not, since every replay has to come to the same one.
_EXHAUSTED: Final = (MemoryError, RecursionError)


class RawRecord(NamedTuple):
    """A record's bytes as the log holds them, with Kafka's time of the append in milliseconds."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes of key, value and headers together."""
        size = len(self.key or b"") + len(self.value or b"")
        return size + (_OUR_HEADERS_BYTES if self.headers == HEADERS else _size_of(self.headers))


class Rejection(NamedTuple):
    """Why a record is not ours (`rejected`) or not for this code (`parked`)."""

    outcome: str
    problem: str
    detail: str


class DecodedRecord(NamedTuple):
    """A record at its position: read, or with the rejection that it gets. `gap`: offsets before it without one."""

    raw: RawRecord
    position: RecordPosition
    event_id: str | None
    record: Record | None = None
    rejection: Rejection | None = None
    gap: int = 0


def _size_of(headers: Headers) -> int:
    return sum(len(name) + len(value or b"") for name, value in headers)


_OUR_HEADERS_BYTES: Final = _size_of(HEADERS)


def decode_records(
    records: Sequence[tuple[RawRecord, datetime]], partitions: int, trusted: TrustedKeys | None = None
) -> list[DecodedRecord]:
    """Read records of a topic of so many partitions, each with the instant at which it was recorded.

    What it cannot read, or nobody trusted has signed, it refuses. Raises nothing but ExhaustedError, where it is not
    the record that is at fault.
    """
    homes = partitions_of([raw.key for raw, _ in records], partitions)
    return [decode_record(raw, recorded_at, homes.__getitem__, trusted) for raw, recorded_at in records]


def decode_record(
    raw: RawRecord,
    recorded_at: datetime,
    partition_of: Callable[[bytes], int],
    trusted: TrustedKeys | None = None,
) -> DecodedRecord:
    """Read one record; `partition_of` says where a key belongs that has the length of an event's id."""
    position = make_row(RecordPosition, (raw.partition, raw.offset, recorded_at))
    try:
        # Before all else: it must not park, and so block its event in the partition where that belongs.
        key = raw.key
        if key is not None and len(key) == ID_BYTES and partition_of(key) != raw.partition and _event_id(key):
            raise MalformedRecordError(
                f"partition {raw.partition} is not the one that Kafka's murmur2 gives for the key"
            )
        if raw.size > MAX_BYTES:
            raise MalformedRecordError(f"it has {raw.size} bytes: at most {MAX_BYTES} are read or kept")
        if trusted is not None and (reason := trusted.why_unsigned(raw, recorded_at)) is not None:
            # Before it is read: what anybody may write must not park, either.
            return _refused(raw, position, Rejection("rejected", UNSIGNED, reason))
        record = decode(raw.key, raw.value, raw.headers)
    except MalformedRecordError as error:
        return _refused(raw, position, Rejection("rejected", MALFORMED, _words(error)))
    except UnknownVersionError as error:
        return _refused(raw, position, Rejection("parked", UNKNOWN_VERSION, _words(error)))
    except Exception as error:  # a bug of ours: newer code can cure it, so the record waits for that
        return _refused(raw, position, failure(error, position))
    return make_row(DecodedRecord, (raw, position, record.event_id, record, None, 0))


def _refused(raw: RawRecord, position: RecordPosition, rejection: Rejection) -> DecodedRecord:
    return DecodedRecord(raw, position, _event_id(raw.key), rejection=rejection)


def failure(error: Exception, position: RecordPosition) -> Rejection:
    """The rejection of a record on which our own code fails; raises ExhaustedError where only the process does."""
    if isinstance(error, _EXHAUSTED):
        raise ExhaustedError(f"judging the record at {position.text} took more than there is: {error!r}") from error
    return Rejection("parked", FAILED, f"{type(error).__name__}: {_words(error)}")


def write_headers(headers: Headers) -> bytes:
    """A record's headers as JSON, `[[name, base64 or null]]`: the form in which they are kept and exported."""
    return orjson.dumps([[name, b64encode(value).decode() if value is not None else None] for name, value in headers])


def read_headers(written: bytes) -> Headers:
    """Headers as `write_headers` wrote them."""
    return tuple((name, b64decode(value) if value is not None else None) for name, value in orjson.loads(written))


def _words(error: Exception) -> str:
    """An error's words, fit for a text column whatever somebody put into the record."""
    return str(error)[:2000].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _event_id(key: bytes | None) -> str | None:
    if key is None or len(key) != ID_BYTES:
        return None
    text = key.decode("ascii", "replace")
    return text if is_canonical_uuid(text) else None
