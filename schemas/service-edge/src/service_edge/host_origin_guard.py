"""Which hosts are answered, which pages may write, where we may listen: what needs no accounts."""

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service_edge.hosts import host_name, is_loopback
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
        host = whole_header(headers, "host").lower()
        name = host_name(host)
        if scope["path"] not in PROBES and not (is_loopback(name) or name in self._hosts or host in self._hosts):
            wrong = "is not loopback" if name else "is not one name or address, with perhaps a port"
            return ProblemError(FOREIGN_HOST, f"host {host[:80]!r} {wrong}: use 127.0.0.1, or name it in ALLOWED_HOSTS")
        origin = whole_header(headers, "origin").lower()
        if scope["method"] in READING or not origin or origin in self._origins:
            return None
        if origin == f"{scope['scheme']}://{host}":
            return None
        return ProblemError(
            FOREIGN_ORIGIN, f"origin {origin[:80]!r} may not write here: name it in ALLOWED_ORIGINS if it should"
        )


def whole_header(headers: Headers, name: str) -> str:
    """A header's value; where it is given more than once all of them, which is none that is known (RFC 9110, 5.3)."""
    return ", ".join(headers.getlist(name))
