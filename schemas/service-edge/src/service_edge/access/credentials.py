"""The credential that a request carries: in `Authorization`, or in the cookie of a browser that has signed in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.types import Scope

from event_schemas.errors import Detail
from service_edge.access.tokens import TOKEN, CredentialError, read_token
from service_edge.hosts import host_name, is_loopback
from service_edge.problems import BAD_PARAMETER, ProblemError

_IN_ADDRESSES: Final = frozenset({"access_token", "api_key", "apikey", "authorization", "bearer", "jwt", "token"})
_TOKEN_BYTES: Final = re.compile(TOKEN.pattern.encode())


@dataclass(frozen=True, slots=True)
class Carried:
    """What a request carries."""

    text: str = field(repr=False)
    by_cookie: bool = False


def read_carried(scope: Scope) -> Carried | None:
    """The credential of a request, or None; raises CredentialError. A header goes before a cookie."""
    headers = Headers(scope=scope)
    given = headers.getlist("authorization")
    if len(given) > 1:
        raise CredentialError("Authorization is given more than once: give it once")
    if given:
        return Carried(_read_bearer(given[0]))
    cookies = [*dict.fromkeys(_cookies(headers, cookie_name(scope)))]
    if len(cookies) > 1:
        raise CredentialError("the cookie of this service is there more than once: sign out, and in again")
    return Carried(read_token(cookies[0]), by_cookie=True) if cookies and cookies[0] else None


def require_none_in_address(scope: Scope) -> None:
    """Raises ProblemError (400) for a credential in the query, where histories and logs would keep it."""
    query: bytes = scope["query_string"]
    if not query:
        return
    names = (unquote_to_bytes(part.partition(b"=")[0]).decode(errors="replace") for part in query.split(b"&"))
    named = next((name for name in names if name.lower() in _IN_ADDRESSES), None)
    if named is not None or _TOKEN_BYTES.search(unquote_to_bytes(query)):
        words = (
            "a credential is not taken from an address, which histories and logs keep: send it as Authorization: "
            "Bearer TOKEN, and have one that has stood there replaced"
        )
        raise ProblemError(BAD_PARAMETER, words, [Detail(f"/{named or ''}", words)])


def is_secure(scope: Scope) -> bool:
    """Whether the request came by HTTPS, or its answer may only go back by that."""
    return scope["scheme"] == "https" or not is_loopback(host_name(Headers(scope=scope).get("host", "").lower()))


def cookie_name(scope: Scope) -> str:
    """The cookie's name: a secure one can neither be set by a neighbouring host nor over plain HTTP (RFC 6265bis)."""
    return "__Host-dyadline" if is_secure(scope) else "dyadline"


def cookie(scope: Scope, credential: str) -> str:
    """What has a browser keep a credential until it is closed; an empty one has it forget what it has."""
    ends = "" if credential else "; Max-Age=0"
    secure = "; Secure" if is_secure(scope) else ""
    return f"{cookie_name(scope)}={credential}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}"


def is_own_page(scope: Scope) -> bool:
    """Whether a page of this service sends it, as browsers say. Who says nothing is none of them."""
    headers = Headers(scope=scope)
    if origin := headers.get("origin", "").lower():
        return origin == f"{scope['scheme']}://{headers.get('host', '').lower()}"
    return headers.get("sec-fetch-site", "") == "same-origin"


def _cookies(headers: Headers, name: str) -> Iterator[str]:
    for header in headers.getlist("cookie"):
        for part in header.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                yield value.strip()


def _read_bearer(header: str) -> str:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer":
        raise CredentialError("Authorization is not of the kind Bearer: send Authorization: Bearer TOKEN")
    return read_token(text.strip())
