"""Keys by which records are trusted, each for a time: what none of them has signed is not ours.

They are part of what judges, as the code is: with others, verdicts are others. A file of JSON Lines holds them:
`{"key": "BASE64", "from": "2026-02-13T00:00:00Z", "until": null}`, a public key of 32 bytes and the instants between
which what it has signed must have been recorded (by Kafka's clock); either may be absent, for no bound. A line
`{"unsigned_until": "2026-02-13T00:00:00Z"}` says of a log that is older than its first key until when nothing had to
be signed.
"""

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from event_schemas.signatures import bytes_to_verify, key_id_of, read_signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from timeline_service.judge.decoding import RawRecord

_FIELDS: Final = {"key", "from", "until", "name"}
_PUBLIC_BYTES: Final = 32
_DIGEST_DIGITS: Final = 12
_UNSIGNED: Final = "unsigned_until"
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class TrustedKey(NamedTuple):
    """A public key, and from when until when records that it has signed are trusted."""

    public: "Ed25519PublicKey"
    since: datetime
    until: datetime


class TrustedKeys:
    """The keys of a file, whose `text` it is. `digest` names them: files that say the same have the same one."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for a line that is no key, with its number and what was expected."""
        self.text = text
        self._keys: dict[str, list[TrustedKey]] = {}
        self._unsigned_until = _FIRST
        lines = [(number, _read_line(number, line)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        said: list[str] = []
        for number, line in lines:
            if _UNSIGNED in line:
                self._unsigned_until = max(self._unsigned_until, _instant(number, line, _UNSIGNED) or _FIRST)
                continue
            public, key = _read_key(number, line)
            self._keys.setdefault(key_id_of(public), []).append(key)
            said.append(f"{public.hex()} {key.since.isoformat()} {key.until.isoformat()}")
        if not self._keys:
            raise ValueError("it holds no key: a line is what `ingest key` prints")
        named = "\n".join([self._unsigned_until.isoformat(), *sorted(said)])
        self.digest = hashlib.sha256(named.encode()).hexdigest()[:_DIGEST_DIGITS]

    def why_unsigned(self, raw: "RawRecord", recorded_at: datetime) -> str | None:
        """Why a record that was recorded then is not trusted; None if it is."""
        from cryptography.exceptions import InvalidSignature

        if recorded_at < self._unsigned_until:
            return None
        if (signed := read_signature(raw.headers)) is None:
            return "it carries no signature"
        if (keys := self._keys.get(signed.key_id)) is None:
            return f"it is signed with the key {signed.key_id}, which is not trusted"
        valid = [key for key in keys if key.since <= recorded_at < key.until]
        if not valid:
            return f"it is signed with the key {signed.key_id}, which was not trusted when it was recorded"
        try:
            valid[0].public.verify(signed.signature, bytes_to_verify(raw.key, raw.value, raw.headers))
        except InvalidSignature:
            return f"its signature is not one that the key {signed.key_id} has made of it"
        return None


def _read_line(number: int, line: str) -> Mapping[str, Any]:
    try:
        said: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"line {number} is not JSON: {error}") from error
    if not isinstance(said, dict) or (said.keys() != {_UNSIGNED} and ("key" not in said or said.keys() - _FIELDS)):
        raise ValueError(f"line {number} is no key: expected what `ingest key` prints, or {_UNSIGNED} alone")
    return said


def _read_key(number: int, said: Mapping[str, Any]) -> tuple[bytes, TrustedKey]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = b64decode(said["key"], validate=True)
        key = Ed25519PublicKey.from_public_bytes(public)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"line {number}: key is not {_PUBLIC_BYTES} bytes in base64, as `ingest key` prints"
        ) from error
    since, until = _instant(number, said, "from") or _FIRST, _instant(number, said, "until") or _LAST
    if since >= until:
        raise ValueError(f"line {number}: it is trusted from {said['from']} until {said['until']}, which is never")
    return public, TrustedKey(key, since, until)


def _instant(number: int, said: Mapping[str, Any], name: str) -> datetime | None:
    if (text := said.get(name)) is None:
        return None
    with suppress(TypeError, ValueError, OverflowError):
        if (instant := datetime.fromisoformat(text)).tzinfo is not None:
            return instant.astimezone(UTC)
    raise ValueError(f"line {number}: {name} is not an instant: expected one such as 2026-02-13T00:00:00Z")
