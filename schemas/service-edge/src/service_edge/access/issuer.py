"""JWTs of an OIDC issuer: verified by its keys, and then known for a while by their hash."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt.exceptions import PyJWTError

from service_edge.access.keys import IssuerKeys
from service_edge.access.roles import Principal, Role, Roles, read_name

#: By so much the issuer's clock and ours may differ.
SKEW_SECONDS: Final = 60
#: What was verified is taken for so long without being looked at again.
KNOWN_SECONDS: Final = 60.0
_MOST_KNOWN: Final = 10_000
_PARTS: Final = 3
_END_OF_TIME: Final = 1 << 40


class JwtError(Exception):
    """A JWT that is not taken; the message is for the log, and `told` for its sender, where it may know why."""

    def __init__(self, reason: str, told: str = "") -> None:
        super().__init__(reason)
        self.told = told


@dataclass(frozen=True, slots=True)
class Claims:
    """Whose JWTs are taken, for whom they have to be meant, and which claims say the roles and the name."""

    issuer: str
    audience: str
    roles: str = "roles"
    name: str = "sub"


def looks_like_jwt(credential: str) -> bool:
    """Whether a credential has the parts of a signed JWT."""
    return credential.count(".") == _PARTS - 1


class Issuer:
    """Tells who has a JWT."""

    def __init__(self, claims: Claims, keys: IssuerKeys, clock: Callable[[], float] = time.monotonic) -> None:
        self._claims = claims
        self._keys = keys
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()

    def recall(self, credential: str) -> Principal | None:
        """Whose JWT it is, if that was found out a moment ago."""
        held = self._known.get(_digest(credential))
        return held[0] if held is not None and self._clock() < held[1] else None

    async def verify(self, credential: str) -> Principal:
        """Whose JWT it is; raises JwtError, and KeysAwayError where that cannot be told now."""
        try:
            header = jwt.get_unverified_header(credential)
        except PyJWTError as error:
            raise JwtError(f"its header cannot be read: {type(error).__name__}") from error
        algorithm, key_id = str(header.get("alg")), header.get("kid")
        key = await self._keys.find(key_id, algorithm)
        if key is None:
            raise JwtError(f"there is no key {str(key_id)[:80]!r} for the algorithm {algorithm[:20]!r}")
        try:
            said = jwt.decode(
                credential,
                key,
                algorithms=[key.algorithm_name],  # the key's own, not what the JWT says
                audience=self._claims.audience,
                issuer=self._claims.issuer,
                leeway=SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud"], "verify_sub": False, "verify_jti": False},
            )
        except PyJWTError as error:
            raise JwtError(f"{type(error).__name__}: {error}") from error
        principal = self._read(said)
        self._known[_digest(credential)] = (principal, self._clock() + KNOWN_SECONDS)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return principal

    async def close(self) -> None:
        """Let the connections go."""
        await self._keys.close()

    def _read(self, said: Mapping[str, Any]) -> Principal:
        try:
            name = read_name(_claim(said, self._claims.name))
        except ValueError as error:
            words = f"its claim {self._claims.name!r} names nobody: {error}"
            raise JwtError(words, words) from error
        ends = min(int(said["exp"]), _END_OF_TIME) + SKEW_SECONDS
        return Principal(name, _roles(_claim(said, self._claims.roles)), float(ends))


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode()).digest()


def _claim(said: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by its path, such as `realm_access.roles`."""
    if name in said:
        return said[name]
    value: Any = said
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _roles(value: Any) -> Roles:
    """The roles among what a claim lists, or says with blanks in between; others are not ours to know."""
    named = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(role for role in Role if role in named)
