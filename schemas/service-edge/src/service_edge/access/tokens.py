"""Tokens, and the lines that a token file keeps of them: a name, the token's hash, roles, perhaps an end."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from event_schemas.errors import UnreadableError
from event_schemas.json_text import read_json
from service_edge.access.roles import Principal, Role, Roles, read_name, read_roles

#: By which people, and programs that look for leaked secrets, know one.
PREFIX: Final = "dyl_"
TOKEN: Final = re.compile(r"dyl_[A-Za-z0-9_-]{43}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_INDEXED_BYTES: Final = 8
#: RFC 6750, 2.1. A JWT of many claims has some kilobytes.
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_MOST_CHARACTERS: Final = 16_384


class CredentialError(Exception):
    """A credential that cannot be one, whoever's it were. The message tells nothing that its sender does not know."""


class TokenFileError(Exception):
    """A token file that cannot be read as one; the message names it, and never what it holds."""


def make_token() -> str:
    """A new token: 256 bits that nobody guesses, so that a plain hash of it can be kept."""
    return PREFIX + secrets.token_urlsafe(32)


def read_token(text: str) -> str:
    """A token as it has to be written; raises CredentialError."""
    if not text:
        raise CredentialError("the token is missing")
    if len(text) > _MOST_CHARACTERS or not _BEARER.fullmatch(text):
        raise CredentialError("the credential is not one token: send one, without anything around it")
    if text.startswith(PREFIX) and not TOKEN.fullmatch(text):
        length = len(PREFIX) + 43
        raise CredentialError(
            f"a token has {length} characters, {PREFIX} and 43 more, and this one has {len(text)}: copy all of it, once"
        )
    return text


def token_line(name: str, token: str, roles: Iterable[Role], expires: datetime | None) -> bytes:
    """What a token file keeps of a token."""
    line: dict[str, Any] = {
        "name": name,
        "sha256": _digest(token).hex(),
        "roles": [role for role in Role if role in {*roles}],
    }
    if expires is not None:
        line["expires"] = expires.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


class Tokens:
    """The principals of a token file, found by their tokens; `broken` says what of it cannot be read."""

    def __init__(self, text: bytes, *, skip_broken: bool = False) -> None:
        """Raises TokenFileError for what is not a token file, unless what is broken is to be skipped."""
        self._held: dict[bytes, list[tuple[bytes, Principal]]] = {}
        self.broken: list[str] = []
        for read in _read_lines(text):
            if isinstance(read, TokenFileError):
                if not skip_broken:
                    raise read
                self.broken.append(str(read))
            else:
                self._held.setdefault(read[0][:_INDEXED_BYTES], []).append(read)

    def find(self, token: str) -> Principal | None:
        """Whose token it is. Whole hashes are compared in constant time; what is looked up is a part of one."""
        digest, found = _digest(token), None
        for held, principal in self._held.get(digest[:_INDEXED_BYTES], ()):
            if hmac.compare_digest(held, digest):
                found = principal
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _read_lines(text: bytes) -> Iterator[tuple[bytes, Principal] | TokenFileError]:
    """What each line says, or why it says nothing."""
    lines: dict[bytes, int] = {}
    is_empty = True
    for number, line in enumerate(text.split(b"\n"), 1):
        if not line.strip():
            continue
        is_empty = False
        try:
            digest, principal = _read_line(line)
        except (UnreadableError, ValueError) as error:
            yield TokenFileError(f"line {number}: {error}")
            continue
        if digest in lines:
            yield TokenFileError(f"line {number}: has the token of line {lines[digest]}: remove one of them")
            continue
        lines[digest] = number
        yield digest, principal
    if is_empty:
        yield TokenFileError("it holds no token: ingest token NAME --role read makes one")


def _read_line(line: bytes) -> tuple[bytes, Principal]:
    said = read_json(line)
    if not isinstance(said, dict):
        raise ValueError("expected an object of name, sha256, roles and perhaps expires")
    if strangers := said.keys() - _READERS.keys():
        raise ValueError(f"{min(strangers)[:80]!r} is not a field here: expected {', '.join(_READERS)}")
    read = {}
    for name, reader in _READERS.items():
        try:
            read[name] = reader(said.get(name))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return read["sha256"], Principal(read["name"], read["roles"], read["expires"])


def _read_digest(text: object) -> bytes:
    if not isinstance(text, str) or not _SHA256.fullmatch(text):
        raise ValueError("expected the token's SHA-256 as 64 digits and letters a to f, and never the token itself")
    return bytes.fromhex(text)


def _read_some_roles(names: object) -> Roles:
    if not isinstance(names, list) or not names:
        raise ValueError(f"expected a list of some of {', '.join(Role)}")
    return read_roles(names)


def _read_expiry(text: object) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("expected an instant, such as 2026-12-31T00:00:00Z")
    return moment.timestamp()


_READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "name": read_name,
    "sha256": _read_digest,
    "roles": _read_some_roles,
    "expires": _read_expiry,
}
