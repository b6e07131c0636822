"""Which hosts are answered, which pages may write, where we may listen: what needs no accounts."""

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service_edge.problems import FOREIGN_HOST, FOREIGN_ORIGIN, ProblemError

#: What is asked under the service's name by whoever watches it, and tells no page anything about events.
PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
#: Methods that change nothing.
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class HostOriginGuard:
    """ASGI middleware: a foreign `Host` is answered 421, a write from a foreign `Origin` 403."""

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] = (), allowed_origins: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in allowed_hosts)
        self._origins = frozenset(origin.lower() for origin in allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] == "http" and (problem := self._refusal(scope)) is not None:
            return await problem.response(scope["path"])(scope, receive, send)
        return await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> ProblemError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        name = host_name(host)
        if scope["path"] not in PROBES and not (is_loopback(name) or name in self._hosts or host in self._hosts):
            return ProblemError(
                FOREIGN_HOST, f"host {host[:80]!r} is not loopback: use 127.0.0.1, or name it in ALLOWED_HOSTS"
            )
        origin = headers.get("origin", "").lower()
        if scope["method"] in READING or not origin or origin in self._origins:
            return None
        if origin == f"{scope['scheme']}://{host}":
            return None
        return ProblemError(
            FOREIGN_ORIGIN, f"origin {origin[:80]!r} may not write here: name it in ALLOWED_ORIGINS if it should"
        )


def is_loopback(name: str) -> bool:
    """Whether a host name or address means this machine alone."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """The name or address in a `Host` header; empty where there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
