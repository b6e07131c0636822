"""By what a record is known again."""

import hashlib

from timeline_service.judge.decoding import RawRecord, write_headers


def digest(record: RawRecord) -> bytes:
    """SHA-256 of a record's key, value and headers, each hashed first, so that none can be taken for another."""
    parts = (record.key, record.value, write_headers(record.headers))
    return hashlib.sha256(
        b"".join(b"\0" * 33 if part is None else b"\1" + hashlib.sha256(part).digest() for part in parts)
    ).digest()
