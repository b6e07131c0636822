"""The one decision: who makes a request, and whether they may."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

import structlog
from starlette.types import Scope

from event_schemas.records import ANONYMOUS
from service_edge.access.callers import Caller
from service_edge.access.credentials import (
    is_own_page,
    read_carried,
    require_none_in_address,
)
from service_edge.access.issuer import Issuer, JwtError, looks_like_jwt
from service_edge.access.keys import KeysAwayError
from service_edge.access.needs import OPEN, Needs
from service_edge.access.rates import Buckets, OwnBuckets, Rate
from service_edge.access.roles import EVERY_ROLE, Principal, Roles
from service_edge.access.token_files import TokenFiles
from service_edge.access.tokens import CredentialError
from service_edge.host_origin_guard import PROBES, READING
from service_edge.problems import FOREIGN_ORIGIN, ISSUER_AWAY, TOO_MANY, UNAUTHENTICATED, ProblemError

_LOG: Final = structlog.get_logger()
_CHALLENGE: Final = 'Bearer realm="dyadline"'
_REFUSED: Final = (
    "the credential is not one that is taken here: it is unknown, was withdrawn or has expired. Ask whoever runs the "
    "service for another"
)
#: So many wrong credentials a minute are looked at from one address.
WRONG_PER_MINUTE: Final = 60
_RETRY_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Credentials:
    """What tells principals: token files, an issuer, or nothing, and then everybody may do everything."""

    tokens: TokenFiles | None = None
    issuer: Issuer | None = None


class Gate:
    """Decides on requests, by what it knows of credentials, roles and rates."""

    def __init__(
        self,
        credentials: Credentials,
        everybody: Roles,
        requests_per_minute: int | None = None,
        now: Callable[[], float] = time.time,
        make_buckets: Callable[[], Buckets] = OwnBuckets,
    ) -> None:
        """`everybody` has these roles, also who does not say who they are; `make_buckets`: where rates are counted."""
        self.asks = credentials.tokens is not None or credentials.issuer is not None
        self.everybody = everybody if self.asks else EVERY_ROLE
        self.needs: Needs | None = None
        self._credentials = credentials
        self._requests = Rate(requests_per_minute, buckets=make_buckets()) if requests_per_minute else None
        self._wrong = Rate(WRONG_PER_MINUTE, buckets=make_buckets())
        self._now = now

    async def recognise(self, scope: Scope) -> Caller:
        """Who makes a request; raises ProblemError for a credential that is not taken."""
        if not self.asks:
            return Caller(ANONYMOUS, EVERY_ROLE, address_of(scope))
        require_none_in_address(scope)
        return await (self._glimpse(scope) if self._need(scope) == OPEN else self._caller(scope))

    def require(self, scope: Scope, caller: Caller) -> None:
        """Raises ProblemError for a request that its caller may not make, or not now."""
        if self._requests is not None and scope["path"] not in PROBES:
            require_rate(self._requests, "requests", caller)
        if not self.asks or (need := self._need(scope)) == OPEN:
            return
        if not need & caller.roles and not caller.is_known:
            words = "there is no credential: send Authorization: Bearer TOKEN"
            raise ProblemError(UNAUTHENTICATED, words, headers={"www-authenticate": _CHALLENGE})
        caller.require(need)

    async def identify(self, credential: str, address: str) -> Principal:
        """Whose credential it is; raises ProblemError for one that is not taken."""
        principal = self._credentials.tokens.find(credential) if self._credentials.tokens is not None else None
        reason, words = "it is unknown", _REFUSED
        if principal is None and self._credentials.issuer is not None and looks_like_jwt(credential):
            try:
                principal = await self._principal_of_jwt(self._credentials.issuer, credential, address)
            except JwtError as error:
                reason, words = str(error), error.told or _REFUSED
            except KeysAwayError as error:
                told = f"the keys of the JWT's issuer cannot be had: make the same request again later ({error})"
                raise ProblemError(ISSUER_AWAY, told, headers={"retry-after": str(_RETRY_SECONDS)}) from error
        if principal is None:
            raise self._refusal(address, words, reason)
        if principal.expires is not None and principal.expires <= self._now():
            raise self._refusal(address, _REFUSED, f"that of {principal.name} has expired")
        return principal

    async def still_admits(self, scope: Scope, caller: Caller) -> bool:
        """Whether what a caller was let in for may go on: a credential expires, or is withdrawn, meanwhile."""
        if caller.credential is None:
            return True
        try:
            principal = await self.identify(caller.credential, caller.address)
        except ProblemError as problem:
            return problem.kind is ISSUER_AWAY and (caller.expires is None or caller.expires > self._now())
        return bool(self._need(scope) & (principal.roles | self.everybody))

    async def close(self) -> None:
        """Let go of what is held."""
        if self._credentials.issuer is not None:
            await self._credentials.issuer.close()

    def _need(self, scope: Scope) -> Roles:
        assert self.needs is not None, "it is told of the app's operations before the first request"
        return self.needs.of(scope["method"], scope["path"])

    async def _principal_of_jwt(self, issuer: Issuer, credential: str, address: str) -> Principal | None:
        """From an address with too many wrong ones only what is known already is taken: to verify costs more."""
        known = issuer.recall(credential)
        return known if known is not None or self._wrong.wait(address) else await issuer.verify(credential)

    async def _glimpse(self, scope: Scope) -> Caller:
        """Who asks for what is open to all: a credential that is not taken is none. Its forms are for our own pages."""
        _require_own_page(scope)
        if scope["path"] not in PROBES:
            try:
                return await self._caller(scope)
            except ProblemError:
                pass
        return Caller(ANONYMOUS, self.everybody, address_of(scope))

    async def _caller(self, scope: Scope) -> Caller:
        address = address_of(scope)
        try:
            carried = read_carried(scope)
        except CredentialError as error:
            raise self._refusal(address, str(error), str(error)) from error
        if carried is None:
            return Caller(ANONYMOUS, self.everybody, address)
        principal = await self.identify(carried.text, address)
        if carried.by_cookie:
            _require_own_page(scope)
        return Caller(principal.name, principal.roles | self.everybody, address, carried.text, principal.expires)

    def _refusal(self, address: str, words: str, reason: str) -> ProblemError:
        """401, or 429 for an address that has sent too many wrong ones; the log is told as often as that."""
        if seconds := self._wrong.take(address):
            return too_many(f"{WRONG_PER_MINUTE} wrong credentials a minute are looked at from one address", seconds)
        _LOG.warning("a credential is refused", address=address, reason=reason)
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        return ProblemError(UNAUTHENTICATED, words, headers={"www-authenticate": challenge})


def address_of(scope: Scope) -> str:
    """Whence a request comes; of an IPv6 address the part that one customer has (64 bits)."""
    host = str((scope.get("client") or ("",))[0])
    return ":".join(host.split(":")[:4]) if ":" in host else host


def require_rate(rate: Rate, what: str, caller: Caller, count: int = 1) -> None:
    """Count something of a caller; raises ProblemError (429) for what goes beyond a rate."""
    if seconds := rate.take(caller.counted_as, count):
        raise too_many(rate_in_words(rate, what, caller), seconds)


def rate_in_words(rate: Rate, what: str, caller: Caller) -> str:
    """What a rate lets through."""
    return f"{rate.per_minute} {what} a minute are taken from {caller.name if caller.is_known else 'one address'}"


def too_many(rule: str, seconds: float) -> ProblemError:
    """The refusal of what goes beyond a rule, and when it may come again."""
    after = max(1, ceil(seconds))
    return ProblemError(TOO_MANY, f"{rule}: send this again after {after} s", headers={"retry-after": str(after)})


def _require_own_page(scope: Scope) -> None:
    """Raises ProblemError (403) for what a page of another origin would do in the name of who has signed in."""
    if scope["method"] not in READING and not is_own_page(scope):
        words = "a browser sends this from the pages of this service only; programs send Authorization: Bearer TOKEN"
        raise ProblemError(FOREIGN_ORIGIN, words)
