"""Rows as PostgreSQL takes them by COPY in its binary format ("COPY", File Formats; fields as their types' recv takes).

Written here are the tables of which every record makes rows. asyncpg writes them, too, value by value, at some times
the cost: it cannot know that most of a row is of fixed length, or the same as in the rows before.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, Final

from timeline_service.adapters.postgres.days import packed_day
from timeline_service.domain.search_documents import DocumentRow
from timeline_service.judge.rows import EntryRow, RevisionRow

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"
_TRUE, _FALSE = b"\0\0\0\1\1", b"\0\0\0\1\0"
_LENGTH: Final = Struct(">i").pack
_SMALL: Final = Struct(">ih").pack
_BIG: Final = Struct(">iq").pack
_DOUBLE: Final = Struct(">id").pack
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
#: How much of what was packed is kept, because rows that follow have it, too.
_MOST: Final = 20_000
_ROWS: Final = 500

#: Number of fields, event_id, revision, partition, from_offset.
_REVISION_HEAD: Final = Struct(">hi16siiiiiq").pack
#: Number of fields, pair, span, earliest, latest, accepted_at, event_id, revision, partition, from_offset.
_ENTRY_HEAD: Final = Struct(">hi7sihi4si4siqi16siiiiiq").pack
#: span, earliest, latest, accepted_at.
_SORT_KEY: Final = Struct(">ihi4si4siq").pack
_FOUR_INSTANTS: Final = Struct(">iqiqiqiq").pack
#: One dimension, without nulls, of text (pg_type.dat: oid 25), so many from 1 on: array_recv.
_ARRAY: Final = Struct(">iiiiii").pack


class _Kept(dict[Any, Any]):
    """What was made of the last values, each once."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __missing__(self, value: Any) -> Any:
        if len(self) >= _MOST:
            self.clear()
        made = self[value] = self._make(value)
        return made


def _uuid(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


def _microseconds(instant: datetime) -> int:
    """timestamptz_recv: microseconds since 2000."""
    return (instant - _EPOCH) // _MICROSECOND


def _text(text: str | None) -> bytes:
    if text is None:
        return _NULL
    raw = text.encode()
    return _LENGTH(len(raw)) + raw


def _traits(values: tuple[bool, str, str | None, str | None, str | None, int, float | None, int]) -> bytes:
    """What an entry can be asked for: there are far fewer of them than entries."""
    retracted, kind, valence, domain, stage, sources, goldstein, direction = values
    return b"".join([
        _TRUE if retracted else _FALSE, *map(_text, (kind, valence, domain, stage)), _SMALL(2, sources),
        _double(goldstein), _SMALL(2, direction),
    ])  # fmt: skip


def _double(value: float | None) -> bytes:
    return _NULL if value is None else _DOUBLE(8, value)


def _offset(value: int | None) -> bytes:
    return _NULL if value is None else _BIG(8, value)


_uuids, _instants, _texts = _Kept(_uuid), _Kept(_microseconds), _Kept(_text)
_seen_traits: Final = _Kept(_traits)


def _revision(row: RevisionRow) -> bytes:
    (
        event_id, number, partition, from_offset, until_offset, action, record_id, principal, reason, duplicate_of,
        origin_source, origin_id, accepted_at, recorded_at, first_accepted_at, first_recorded_at, digest, content,
        batch,
    ) = row  # fmt: skip
    instants, raw = _instants, content.encode()
    return b"".join((
        _REVISION_HEAD(len(row), 16, _uuids[event_id], 4, number, 4, partition, 8, from_offset),
        _offset(until_offset), _texts[action], _text(record_id), _texts[principal], _text(reason),
        _NULL if duplicate_of is None else b"\0\0\0\x10" + _uuid(duplicate_of), _text(origin_source), _text(origin_id),
        _FOUR_INSTANTS(
            8, instants[accepted_at], 8, instants[recorded_at], 8, instants[first_accepted_at],
            8, instants[first_recorded_at],
        ),
        _NULL if digest is None else _LENGTH(len(digest)) + digest, _LENGTH(len(raw)), raw, _texts[batch],
    ))  # fmt: skip


def _entry(row: EntryRow) -> bytes:
    pair, span, earliest, latest, accepted_at, event_id, revision, partition, from_offset, until_offset = row[:10]
    head = _ENTRY_HEAD(
        len(row), 7, pair.encode(), 2, span, 4, packed_day(earliest), 4, packed_day(latest),
        8, _instants[accepted_at], 16, _uuids[event_id], 4, revision, 4, partition, 8, from_offset,
    )  # fmt: skip
    return b"".join((head, _offset(until_offset), _seen_traits[row[10:]]))


def _document(row: DocumentRow) -> bytes:
    (
        event_id, number, partition, from_offset, until_offset, retracted, span, earliest, latest, accepted_at,
        kind, valence, domain, sources, goldstein, facets, words,
    ) = row  # fmt: skip
    texts = _texts
    array = b"".join(map(texts.__getitem__, facets))
    return b"".join((
        _REVISION_HEAD(len(row), 16, _uuids[event_id], 4, number, 4, partition, 8, from_offset),
        _offset(until_offset), _TRUE if retracted else _FALSE,
        _SORT_KEY(2, span, 4, packed_day(earliest), 4, packed_day(latest), 8, _instants[accepted_at]),
        texts[kind], texts[valence], texts[domain], _SMALL(2, sources), _double(goldstein),
        _ARRAY(20 + len(array), 1, 0, 25, len(facets), 1), array, _LENGTH(len(words)), words,
    ))  # fmt: skip


_PACKERS: Final[dict[type, Callable[[Any], bytes]]] = {
    RevisionRow: _revision,
    EntryRow: _entry,
    DocumentRow: _document,
}


def can_pack(kind: type) -> bool:
    """Whether rows of a kind are written here."""
    return kind in _PACKERS


async def packed(kind: type, rows: Sequence[Any]) -> AsyncIterator[bytes]:
    """Rows of a kind as one COPY, some of them at a time."""
    yield _SIGNATURE
    for start in range(0, len(rows), _ROWS):
        yield b"".join(map(_PACKERS[kind], rows[start : start + _ROWS]))
    yield _END
