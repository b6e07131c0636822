"""An OIDC issuer of a test's own, over HTTP on loopback: it signs with real keys, rotates them, and goes away."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
AUDIENCE = "dyadline"
_CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


def make_key(algorithm: str) -> PrivateKey:
    """A new key that signs by an algorithm."""
    if algorithm.startswith(("RS", "PS")):
        return rsa.generate_private_key(65537, 2048)
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(_CURVES[algorithm])


def public_jwk(key: PrivateKey, key_id: str | None, algorithm: str, **fields: Any) -> dict[str, Any]:
    """What an issuer publishes of a key."""
    jwk: dict[str, Any] = get_default_algorithms()[algorithm].to_jwk(key.public_key(), as_dict=True)
    jwk.pop("key_ops", None)
    return {**jwk, **({"kid": key_id} if key_id is not None else {}), "use": "sig", **fields}


def public_pem(key: PrivateKey) -> bytes:
    """The public key as a text, which a careless verifier takes for a secret."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class OidcIssuer:
    """Answers its discovery document and keys, and signs."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.keys: dict[str | None, tuple[str, PrivateKey]] = {}
        self.published: list[Any] = []
        self.discovery: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.asked: list[str] = []
        self.redirects_to: str | None = None

    def rotate(self, key_id: str | None, algorithm: str = "RS256", *, keep: bool = False, **fields: Any) -> None:
        """Sign with a new key from now on, and publish it, in place of the others or beside them."""
        key = make_key(algorithm)
        self.keys[key_id] = algorithm, key
        self.published = [*(self.published if keep else []), public_jwk(key, key_id, algorithm, **fields)]

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a JWT says; a change to None leaves a claim out."""
        now = int(time.time())
        said = {
            "iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "nbf": now, "exp": now + 300,
            "roles": ["read", "write"], **changes,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}

    def sign(self, key_id: str | None = "k1", headers: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A JWT, right but for the changes."""
        algorithm, key = self.keys[key_id]
        named = {"kid": key_id} if key_id is not None else {}
        return jwt.encode(self.claims(**changes), key, algorithm, {**named, **(headers or {})})

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request of a connection."""
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            self.asked.append(path)
            documents = {"/.well-known/openid-configuration": self.discovery, "/keys": {"keys": self.published}}
            if self.redirects_to is not None:
                head, body = f"302 Found\r\nlocation: {self.redirects_to}", b""
            else:
                head, body = "200 OK\r\ncontent-type: application/json", orjson.dumps(documents.get(path))
            writer.write(f"HTTP/1.1 {head}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever asked has gone
        finally:
            writer.close()


@asynccontextmanager
async def oidc_issuer(port: int) -> AsyncIterator[OidcIssuer]:
    """One that answers, and signs with the key k1."""
    issuer = OidcIssuer(port)
    issuer.rotate("k1")
    async with await asyncio.start_server(issuer.answer, "127.0.0.1", port):
        yield issuer
