"""Who is behind a record: the signature that ingest puts to it, where it has a key to sign with."""

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from event_schemas.records import CONTENT_TYPE, HEADERS
from event_schemas.signatures import Signature, key_id_of, signed_bytes, write_signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Headers = list[tuple[str, bytes]]
#: The headers of a record with this key and value.
Sign = Callable[[bytes, bytes], Headers]
_UNSIGNED: Final[Headers] = list(HEADERS)  # aiokafka's builder takes a list and nothing else


def leave_unsigned(key: bytes, value: bytes) -> Headers:
    """The headers of a record that nobody signs."""
    return _UNSIGNED


class RecordSigner:
    """Signs records with one private key."""

    def __init__(self, pem: str) -> None:
        """Raises ValueError for what is no Ed25519 key in PEM, or an encrypted one."""
        self._key = _read_private_key(pem)
        public = self._key.public_key().public_bytes_raw()
        self.key_id: Final = key_id_of(public)
        self.public_key: Final = b64encode(public).decode()

    def sign(self, key: bytes, value: bytes) -> Headers:
        """The headers of a record, with its signature."""
        signature = self._key.sign(signed_bytes(key, value, CONTENT_TYPE))
        return [*_UNSIGNED, write_signature(Signature(self.key_id, signature))]


def new_private_key() -> str:
    """A new private key, in PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return (
        Ed25519PrivateKey.generate()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def _read_private_key(pem: str) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError as error:
        raise ValueError("it is encrypted: expected a key without a password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("it holds no private key in PEM: expected what `ingest key` makes") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("its key is not one of Ed25519: expected what `ingest key` makes")
    return key
