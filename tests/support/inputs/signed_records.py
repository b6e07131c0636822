"""Keys, and records that are signed with them."""

from datetime import datetime
from typing import Any

import orjson

from event_schemas.records import Record, encode_value
from ingest_service.domain.signing import Headers, RecordSigner, new_private_key


def new_signer() -> RecordSigner:
    """A signer with a key of its own."""
    return RecordSigner(new_private_key())


def key_line(signer: RecordSigner, since: datetime | None = None, until: datetime | None = None) -> str:
    """The line of a file of trusted keys for a signer's key."""
    line: dict[str, Any] = {"key": signer.public_key}
    for name, instant in (("from", since), ("until", until)):
        if instant is not None:
            line[name] = instant.isoformat()
    return orjson.dumps(line).decode()


def signed_headers(signer: RecordSigner, record: Record) -> Headers:
    """The headers of a record, with its signature."""
    return signer.sign(record.event_id.encode(), encode_value(record))
