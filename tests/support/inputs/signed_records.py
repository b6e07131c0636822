"""Keys, and records that are signed with them."""

from datetime import datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from event_schemas.records import Record, encode_value
from ingest_service.domain.signing import Headers, RecordSigner


def signer(number: int) -> RecordSigner:
    """A signer with a key of its own, which is the same in every run."""
    key = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return RecordSigner(key.private_bytes(encoding, form, serialization.NoEncryption()).decode())


def key_line(by: RecordSigner, since: datetime | None = None, until: datetime | None = None) -> str:
    """The line of a file of trusted keys for a signer's key."""
    line: dict[str, Any] = {"key": by.public_key}
    for name, instant in (("from", since), ("until", until)):
        if instant is not None:
            line[name] = instant.isoformat()
    return orjson.dumps(line).decode()


def signed_headers(by: RecordSigner, record: Record) -> Headers:
    """The headers of a record, with its signature."""
    return by.sign(record.event_id.encode(), encode_value(record))
