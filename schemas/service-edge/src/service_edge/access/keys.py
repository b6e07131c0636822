"""The public keys with which an issuer signs: its discovery document leads to them, and they change now and then."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import orjson
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

_LOG: Final = structlog.get_logger()
#: Keys are asked for again after so long, so that one that was withdrawn is not taken for ever.
FRESH_SECONDS: Final = 600.0
#: With an issuer that is away the keys that are known go on for so long.
KEPT_SECONDS: Final = 86_400.0
#: Between two questions, however many unknown keys are named.
AGAIN_SECONDS: Final = 10.0
_TIMEOUT: Final = httpx.Timeout(5.0)
_MOST_BYTES: Final = 1024 * 1024
_MOST_KEYS: Final = 100
_LEAST_RSA_BITS: Final = 2048
#: Asymmetric ones only, each for one kind of key: a key never serves another algorithm than its own kind's.
_ALGORITHMS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}


class KeysAwayError(Exception):
    """The keys cannot be had; the message says why."""


class IssuerKeys:
    """The keys of one issuer, asked for at its own address only. Close it when done."""

    def __init__(self, issuer: str, keys_origin: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._origins = {_origin(issuer), keys_origin or _origin(issuer)}
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._keys: Mapping[str | None, Mapping[str, PyJWK]] = {}
        self._fetched = self._asked = float("-inf")
        self._why = ""
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def find(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """The key of that name for that algorithm; raises KeysAwayError. A name that is unknown is asked for again."""
        age = self._clock() - self._fetched
        if age > KEPT_SECONDS or (found := self._found(key_id, algorithm)) is None:
            await self._refresh()
            if self._clock() - self._fetched > KEPT_SECONDS:
                raise KeysAwayError(self._why or "they were asked for a moment ago")
            return self._found(key_id, algorithm)
        if age > FRESH_SECONDS and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = asyncio.create_task(self._refresh())  # nobody waits for it
        return found

    async def close(self) -> None:
        """Let the connections go."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _found(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            (only,) = self._keys.values()
            return only.get(algorithm)
        return self._keys.get(key_id, {}).get(algorithm)

    async def _refresh(self) -> None:
        """Ask for the keys, unless somebody just has."""
        async with self._lock:
            if self._clock() - self._asked < AGAIN_SECONDS:
                return
            self._asked = self._clock()
            try:
                document = await self._get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
                if document.get("issuer") != self._issuer:
                    raise KeysAwayError(f"its discovery document is that of another issuer: {document.get('issuer')!r}")
                address = document.get("jwks_uri")
                if not isinstance(address, str) or _origin(address) not in self._origins:
                    raise KeysAwayError(
                        f"its keys are at {address!r}, which is another origin: name that in OIDC_KEYS_ORIGIN"
                    )
                self._keys = _read_keys(await self._get(address))
            except (httpx.HTTPError, httpx.InvalidURL, KeysAwayError, ValueError) as error:
                self._why = str(error) or type(error).__name__
                _LOG.warning("the issuer's keys cannot be had", issuer=self._issuer, reason=self._why)
            else:
                self._fetched, self._why = self._clock(), ""

    async def _get(self, address: str) -> dict[str, Any]:
        if self._client is None:  # it reads the certificates, which takes a while
            self._client = httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)
        held = bytearray()
        async with self._client.stream("GET", address, headers={"accept": "application/json"}) as answer:
            if answer.status_code != httpx.codes.OK:
                raise KeysAwayError(f"{address} answers {answer.status_code}")
            async for part in answer.aiter_bytes():
                held += part
                if len(held) > _MOST_BYTES:
                    raise KeysAwayError(f"{address} answers more than {_MOST_BYTES} bytes")
        document = orjson.loads(held)
        if not isinstance(document, dict):
            raise KeysAwayError(f"{address} does not answer a JSON object")
        return document


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _read_keys(document: Mapping[str, Any]) -> Mapping[str | None, Mapping[str, PyJWK]]:
    """The keys by their names, each for the algorithms of its kind; those that cannot serve are left aside."""
    items = document.get("keys")
    if not isinstance(items, list):
        raise KeysAwayError("there is no list of keys where its keys should be")
    found: dict[str | None, dict[str, PyJWK]] = {}
    for item in items[:_MOST_KEYS]:
        if not isinstance(item, dict) or item.get("use", "sig") != "sig" or not isinstance(item.get("kid", ""), str):
            continue
        kind = str(item.get("kty"))
        algorithms = _ALGORITHMS.get((kind, "" if kind == "RSA" else str(item.get("crv"))), ())
        for algorithm in algorithms:
            if item.get("alg", algorithm) == algorithm and (key := _read_key(item, algorithm)) is not None:
                found.setdefault(item.get("kid"), {})[algorithm] = key
    if not found:
        raise KeysAwayError("none of its keys can be used: RSA from 2048 bits, P-256, P-384, P-521 or Ed25519 are")
    return found


def _read_key(item: Mapping[str, Any], algorithm: str) -> PyJWK | None:
    try:
        key = PyJWK.from_dict({name: value for name, value in item.items() if name != "d"}, algorithm)
    except PyJWTError as error:
        _LOG.warning("a key of the issuer cannot be read", reason=type(error).__name__)
        return None
    return None if item["kty"] == "RSA" and key.key.key_size < _LEAST_RSA_BITS else key
