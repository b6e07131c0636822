"""How a record is signed: what is signed of it, and the header that says by whom.

The signature is Ed25519 (RFC 8032) over key, value and content type, each behind its length, so that no two records
have the same bytes to sign. The header names the key by the beginning of its SHA-256: which keys are trusted, and for
which time, is for the reader to know.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from hashlib import sha256
from struct import Struct
from typing import Final, NamedTuple

SIGNATURE_HEADER: Final = "dyadline-signature"
_CONTENT_TYPE: Final = "content-type"
_SCHEME: Final = "ed25519"
_PREFIX: Final = b"dyadline record v1\0"
_LENGTHS: Final = Struct(">QQQ")
_SIGNATURE_BYTES: Final = 64
_KEY_ID_DIGITS: Final = 16
_KEY_ID: Final = re.compile(rb"[0-9a-f]{16}")

Headers = Iterable[tuple[str, bytes | None]]


class Signature(NamedTuple):
    """A signature, and the id of the key that it was made with."""

    key_id: str
    signature: bytes


def key_id_of(public_key: bytes) -> str:
    """The id of a public key of 32 bytes: 16 hexadecimal digits."""
    return sha256(public_key).hexdigest()[:_KEY_ID_DIGITS]


def signed_bytes(key: bytes, value: bytes, content_type: bytes) -> bytes:
    """What is signed of a record."""
    lengths = _LENGTHS.pack(len(key), len(value), len(content_type))
    return b"".join((_PREFIX, lengths, key, value, content_type))


def bytes_to_verify(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    """What must have been signed of a record as it is read; of a repeated content type the last one counts."""
    return signed_bytes(key or b"", value or b"", dict(headers).get(_CONTENT_TYPE) or b"")


def write_signature(signature: Signature) -> tuple[str, bytes]:
    """The header that carries a signature: `ed25519:KEY-ID:BASE64`."""
    return SIGNATURE_HEADER, f"{_SCHEME}:{signature.key_id}:{b64encode(signature.signature).decode()}".encode()


def read_signature(headers: Headers) -> Signature | None:
    """The signature that a record carries, None if it carries none that can be read, or more than one."""
    found = [value for name, value in headers if name == SIGNATURE_HEADER]
    if len(found) != 1 or found[0] is None:
        return None
    scheme, _, rest = found[0].partition(b":")
    key_id, _, encoded = rest.partition(b":")
    try:
        signature = b64decode(encoded, validate=True)
    except (Base64Error, ValueError):
        return None
    if scheme != _SCHEME.encode() or len(signature) != _SIGNATURE_BYTES or not _KEY_ID.fullmatch(key_id):
        return None
    return Signature(key_id.decode(), signature)
