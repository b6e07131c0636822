"""What a service says of the requests that it answers: how many, how fast, and a line for each that writes."""

import time
from typing import Final

import structlog
from prometheus_client import Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG: Final = structlog.get_logger()
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: Methods that a label may name: others are a stranger's words.
_METHODS: Final = _READING | {"POST", "PUT", "DELETE"}
_SECONDS: Final = Histogram(
    "dyadline_http_answer_seconds",
    "From a request's head to the head of its answer, by route: a bulk is answered when its body has ended.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)


class RequestLog:
    """ASGI middleware: what was read is logged at `debug`, what was to change something, or failed, at `info`.

    A label names the route, never the address: what a stranger asks for makes no label of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and take note of its answer."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun = time.perf_counter()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note(scope, message, time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, answer)


def _note(scope: Scope, message: Message, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route, status = getattr(scope.get("route"), "path", "none"), message["status"]
    _SECONDS.labels(method, route, status).observe(seconds)
    known = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
    position = Headers(raw=message["headers"]).get("timeline-position")
    if method not in _READING and position is not None:
        known["position"] = position
    write = _LOG.debug if method in _READING and status < 500 else _LOG.info
    write("answered", **known)
