"""The raw log as it is exported: lines of JSON that say by themselves whether they are still as they were written.

Behind a header there is a line for each record, one for each gap of offsets that hold none, and a last one that says
how many records there were: so nothing can be taken out unnoticed.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeGuard

import orjson

from event_schemas.positions import PositionError, format_position, parse_position
from timeline_service.errors import ExportError
from timeline_service.judge.decoding import Headers, RawRecord, write_headers

#: Kafka's names of who said when a record was appended, by its numbers.
TIMESTAMP_TYPES: Final = ("CreateTime", "LogAppendTime")
#: How a header's line begins, how a record's, a gap's and an end's.
HEADER_START: Final = b'{"topic":'
RECORD_START: Final = b'{"position":'
GAP_START: Final = b'{"gap":'
END_START: Final = b'{"end":'
_HEADER: Final = ("topic", "partitions", "partition", "from", "to")
_RECORD: Final = ("position", "timestamp", "timestamp_type", "key", "value", "headers", "sha256")
_HASHED: Final = ("key", "value", "headers")
_GAP: Final = ("partition", "from", "to")
_END: Final = ("partition", "records", "next_offset")
_PLACE: Final = re.compile(rb'{"position":"(\d{1,10}):(\d{1,19})",')


@dataclass(frozen=True, slots=True)
class ExportHeader:
    """What the lines behind it hold: the records of a partition in the range [start, end), and no others."""

    topic: str
    partitions: int
    partition: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Offsets [start, end) of a partition that hold no record, such as those of a transaction's markers."""

    partition: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class End:
    """What was exported of a partition: how many records, and the offset before which that ends."""

    partition: int
    records: int
    next_offset: int


def write_header(header: ExportHeader) -> bytes:
    """The first line of an export."""
    values = (header.topic, header.partitions, header.partition, header.start, header.end)
    return orjson.dumps(dict(zip(_HEADER, values, strict=True)), option=orjson.OPT_APPEND_NEWLINE)


def write_record(raw: RawRecord, timestamp_type: str) -> bytes:
    """A record's line: its bytes in base64, and their hashes. The same record gives the same bytes."""
    headers = write_headers(raw.headers)
    line = {
        "position": format_position(raw.partition, raw.offset),
        "timestamp": raw.timestamp,
        "timestamp_type": timestamp_type,
        "key": _encoded(raw.key),
        "value": _encoded(raw.value),
        "headers": orjson.Fragment(headers),
        "sha256": {"key": _hash(raw.key), "value": _hash(raw.value), "headers": _hash(headers)},
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def write_gap(gap: Gap) -> bytes:
    """The line that tells of a gap."""
    values = dict(zip(_GAP, (gap.partition, gap.start, gap.end), strict=True))
    return orjson.dumps({"gap": values}, option=orjson.OPT_APPEND_NEWLINE)


def write_end(end: End) -> bytes:
    """The last line of an export."""
    values = dict(zip(_END, (end.partition, end.records, end.next_offset), strict=True))
    return orjson.dumps({"end": values}, option=orjson.OPT_APPEND_NEWLINE)


def read_header(line: bytes, number: int) -> ExportHeader:
    """The header in the line of that number; raises ExportError."""
    fields = _fields(line, number, _HEADER, "an export's header")
    topic, *numbers = (fields[name] for name in _HEADER)
    if not isinstance(topic, str) or not topic:
        raise ExportError(number, "topic is not a name")
    for name, value in zip(_HEADER[1:], numbers, strict=True):
        if not _is_count(value):
            raise ExportError(number, f"{name} is not a whole number from 0 on")
    partitions, partition, start, end = numbers
    if partition >= partitions:
        raise ExportError(number, f"there is no partition {partition} of {partitions}")
    if start > end:
        raise ExportError(number, f"the range from {start} to {end} ends before it begins")
    return ExportHeader(topic, partitions, partition, start, end)


def read_record(line: bytes, number: int) -> RawRecord:
    """The record in the line of that number, its hashes verified; raises ExportError."""
    fields = _fields(line, number, _RECORD, "an exported record")
    try:
        partition, offset = parse_position(fields["position"] if isinstance(fields["position"], str) else "")
    except PositionError as error:
        raise ExportError(number, f"position: {error}") from error
    if type(fields["timestamp"]) is not int:
        raise ExportError(number, "timestamp is not a whole number of milliseconds")
    if fields["timestamp_type"] not in TIMESTAMP_TYPES:
        raise ExportError(number, f"timestamp_type is not one of {', '.join(TIMESTAMP_TYPES)}")
    key = _read(fields["key"], number, "key")
    value = _read(fields["value"], number, "value")
    headers = _read_headers(fields["headers"], number)
    hashes = fields["sha256"]
    if not isinstance(hashes, dict) or tuple(hashes) != _HASHED:
        raise ExportError(number, f"sha256 is not an object of {', '.join(_HASHED)}")
    for name, held in zip(_HASHED, (key, value, write_headers(headers)), strict=True):
        if hashes[name] != _hash(held):
            raise ExportError(number, f"sha256.{name} is not the hash of what stands here: it was changed")
    return RawRecord(partition, offset, fields["timestamp"], key, value, headers)


def read_place(line: bytes, number: int) -> tuple[int, int]:
    """Partition and offset of the record in the line of that number, of which nothing else is read."""
    if (found := _PLACE.match(line)) is None:
        raise ExportError(number, "is not an exported record: expected a position first")
    return int(found[1]), int(found[2])


def read_gap(line: bytes, number: int) -> Gap:
    """The gap in the line of that number; raises ExportError."""
    return Gap(*_counts(line, number, "gap", _GAP))


def read_end(line: bytes, number: int) -> End:
    """The end in the line of that number; raises ExportError."""
    return End(*_counts(line, number, "end", _END))


def _counts(line: bytes, number: int, name: str, names: tuple[str, ...]) -> list[int]:
    fields = _fields(line, number, (name,), f"the {name} of an export")[name]
    if not isinstance(fields, dict) or tuple(fields) != names or not all(map(_is_count, fields.values())):
        raise ExportError(number, f"{name} is not an object of whole numbers from 0 on: {', '.join(names)}")
    return list(fields.values())


def _fields(line: bytes, number: int, names: tuple[str, ...], what: str) -> dict[str, Any]:
    try:
        fields = orjson.loads(line)
    except ValueError as error:
        raise ExportError(number, f"is not JSON ({error}): expected {what}") from error
    if not isinstance(fields, dict) or tuple(fields) != names:
        raise ExportError(number, f"is not {what}: expected an object of {', '.join(names)}")
    return fields


def _read_headers(written: object, number: int) -> Headers:
    if not isinstance(written, list) or not all(
        isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) for item in written
    ):
        raise ExportError(number, "headers are not a list of [name, value]")
    return tuple((name, _read(value, number, "a header's value")) for name, value in written)


def _read(written: object, number: int, what: str) -> bytes | None:
    if written is None:
        return None
    if not isinstance(written, str):
        raise ExportError(number, f"{what} is neither base64 nor null")
    try:
        raw = b64decode(written)
    except ValueError as error:
        raise ExportError(number, f"{what} is not base64: {error}") from error
    if _encoded(raw) != written:  # Python reads past what is not of the alphabet
        raise ExportError(number, f"{what} is not base64 in its one form (RFC 4648, 4)")
    return raw


def _encoded(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()


def _hash(raw: bytes | None) -> str | None:
    return None if raw is None else sha256(raw).hexdigest()


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0
