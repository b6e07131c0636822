"""Cursors: where a page ended, sealed together with its query and the vector of its first page."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from timeline_service.domain.vectors import OffsetVector

_SEAL_BYTES: Final = 16


class CursorError(ValueError):
    """A cursor that is not one of ours, or that belongs to another query; the message says which."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The key of the last row of a page, the query that it answered, and the vector at which."""

    query: Mapping[str, Any]
    vector: OffsetVector
    key: tuple[Any, ...]


def write_cursor(cursor: Cursor, secret: bytes) -> str:
    """The cursor as opaque text that only we can have written (HMAC-SHA-256, truncated to 128 bits)."""
    payload = orjson.dumps([cursor.query, cursor.vector, cursor.key], option=orjson.OPT_SORT_KEYS)
    return urlsafe_b64encode(_seal(payload, secret) + payload).decode().rstrip("=")


def read_cursor(text: str, secret: bytes) -> Cursor:
    """Read a cursor back; raises CursorError."""
    try:
        sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, Base64Error, ValueError) as error:
        raise CursorError("is not a cursor: use the value of `next` as it came") from error
    seal, payload = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(payload, secret)):
        raise CursorError("is not a cursor of this service, or was changed: use the value of `next` as it came")
    query, vector, key = orjson.loads(payload)
    return Cursor(query, tuple(vector), tuple(key))


def _seal(payload: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, payload, hashlib.sha256)[:_SEAL_BYTES]
