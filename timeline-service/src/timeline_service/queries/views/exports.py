"""The lines of an export of the log as they are read; `domain.exports` writes them."""

from typing import Annotated, TypedDict

from timeline_service.domain.exports import TIMESTAMP_TYPES
from timeline_service.queries.views.fields import Base64, Count, Headers, Number, Position, Schema, Sha256

_Range = TypedDict("_Range", {"from": Count, "to": Count})
_Offsets = TypedDict("_Offsets", {"partition": Count, "from": Count, "to": Number})


class _Log(TypedDict):
    topic: str
    partitions: Number
    partition: Count


class HeaderLine(_Log, _Range):
    """The first line of an export: what the others are."""


class HashesView(TypedDict):
    """The hashes of a record."""

    key: Sha256 | None
    value: Sha256 | None
    headers: Sha256


class RecordLine(TypedDict):
    """A record of the log. The hashes are SHA-256, that of the headers of their JSON as it stands."""

    position: Position
    timestamp: Annotated[int, Schema(description="Milliseconds since 1970.")]
    timestamp_type: Annotated[str, Schema(enum=list(TIMESTAMP_TYPES))]
    key: Base64 | None
    value: Base64 | None
    headers: Headers
    sha256: HashesView


class GapLine(TypedDict):
    """Offsets from `from` to before `to` that hold no record, as those of a transaction's markers."""

    gap: _Offsets


class EndView(TypedDict):
    """How many records of a partition there were, and where that ends."""

    partition: Count
    records: Count
    next_offset: Count


class EndLine(TypedDict):
    """The last line of an export: how many records there were. Without it an export broke off."""

    end: EndView
