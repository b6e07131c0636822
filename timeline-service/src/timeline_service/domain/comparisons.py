"""What a comparison of two projections says: digests of tables, and each difference with the record to blame."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from event_schemas.positions import format_position

#: The columns that tell a table's rows apart, in the order in which tables are compared.
KEYS: Final[Mapping[str, Sequence[str]]] = {
    "checkpoints": ("partition",),
    "revisions": ("event_id", "revision"),
    "entries": ("event_id", "revision", "pair"),
    "pair_counts": ("pair", "partition"),
    "outcomes": ("partition", "offset"),
    "batch_counts": ("batch", "partition", "outcome", "problem"),
    "documents": ("event_id", "revision"),
    "name_counts": ("facet", "partition"),
}
#: Those of which only the present is kept: they cannot be compared at a moment of the past.
PRESENT_ONLY: Final = frozenset({"checkpoints", "pair_counts", "batch_counts", "name_counts"})
BUCKETS: Final = 1024
#: So many differences are listed; all are counted.
MAX_LISTED: Final = 1000
_MAX_VALUE_LENGTH: Final = 2000
_OFFSETS: Final = ("from_offset", "offset", "last_offset", "next_offset", "spelled_at")


@dataclass(frozen=True, slots=True)
class TableDigest:
    """A table's rows by bucket: how many, and the SHA-256 over them."""

    buckets: Mapping[int, tuple[int, bytes]]

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(rows for rows, _ in self.buckets.values())

    @property
    def digest(self) -> bytes:
        """SHA-256 over the digests of the buckets, of which empty ones are 32 zero bytes."""
        empty = (0, bytes(32))
        return hashlib.sha256(b"".join(self.buckets.get(number, empty)[1] for number in range(BUCKETS))).digest()

    def differing(self, other: "TableDigest") -> list[int]:
        """The buckets in which two tables differ."""
        return sorted(
            number for number in {*self.buckets, *other.buckets}
            if self.buckets.get(number) != other.buckets.get(number)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or without one a whole row, that is live not what the log says."""

    table: str
    key: str
    field: str | None
    live: Any
    log: Any
    position: str | None

    def view(self) -> dict[str, Any]:
        """The difference as JSON shows it."""
        return {
            "table": self.table,
            "key": self.key,
            "field": self.field,
            "live": _short(self.live),
            "log": _short(self.log),
            "position": self.position,
        }


def whole_digest(digests: Mapping[str, TableDigest]) -> bytes:
    """SHA-256 over `name digest` of the tables, a line for each, in the order in which they are compared."""
    lines = "".join(f"{name} {digests[name].digest.hex()}\n" for name in KEYS if name in digests)
    return hashlib.sha256(lines.encode()).digest()


def digest_view(table: str, digest: TableDigest) -> dict[str, Any]:
    """A table's digest as it is shown."""
    return {"table": table, "rows": digest.rows, "digest": digest.digest.hex()}


def differences_of(table: str, live: Mapping[str, Any] | None, log: Mapping[str, Any] | None) -> Iterable[Difference]:
    """The differences between a row and what the log says of it; None where there is no such row."""
    one = live or log or {}
    key = key_text({name: one[name] for name in KEYS[table]})
    if live is None or log is None:
        yield Difference(table, key, None, live, log, position_of(one))
        return
    differing = [field for field in log if live[field] != log[field]]
    if not differing:  # as JSON has them: 0 and -0
        yield Difference(table, key, None, live, log, position_of(log))
    for field in differing:
        ended = log[field] if log[field] is not None else live[field]
        position = format_position(one["partition"], ended) if field == "until_offset" else position_of(log)
        yield Difference(table, key, field, live[field], log[field], position)


def key_text(key: Mapping[str, Any]) -> str:
    """A key in words: `event_id=80d5…, revision=2`."""
    return ", ".join(f"{name}={value}" for name, value in key.items())


def position_of(row: Mapping[str, Any]) -> str | None:
    """The record that has made a row, or touched it last."""
    offset = next((row[name] for name in _OFFSETS if row.get(name) is not None), None)
    return format_position(row["partition"], offset) if offset is not None else None


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _short(part) for name, part in value.items()}
    if isinstance(value, str) and len(value) > _MAX_VALUE_LENGTH:
        return f"{value[:_MAX_VALUE_LENGTH]}… ({len(value):,} characters)"
    return value
