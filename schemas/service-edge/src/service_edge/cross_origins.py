"""What a browser is told about pages of other origins: the CORS protocol (Fetch, 3.3)."""

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_edge.host_origin_guard import whole_header

ANY: Final = "*"
_READING: Final = "GET, HEAD"
_WRITING: Final = "GET, HEAD, POST, DELETE"
_SENT: Final = (
    "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, "
    "Timeline-Position"
)
_EXPOSED: Final = "ETag, Link, Location, Retry-After, Timeline-Position, WWW-Authenticate"
_PREFLIGHT_SECONDS: Final = "600"


class CrossOrigins:
    """ASGI middleware around `HostOriginGuard`, which keeps foreign writers out; it only tells a browser who may read.

    Pages of `writers` may read and write, those of `readers` (origins or `*`) read. Nobody sends credentials along.
    Refusals carry the headers too, so that a page can show why. Without origins nothing is added at all.
    """

    def __init__(self, app: ASGIApp, writers: Iterable[str] = (), readers: Iterable[str] = ()) -> None:
        self._app = app
        self._writers = frozenset(writers)
        self._known = self._writers | frozenset(readers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight of an origin that may read; add the headers to every other answer."""
        if scope["type"] != "http" or not self._known:
            return await self._app(scope, receive, send)
        request = Headers(scope=scope)
        origin = whole_header(request, "origin")

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                self._allow(MutableHeaders(scope=message), origin)
            await send(message)

        asks = scope["method"] == "OPTIONS" and "access-control-request-method" in request
        if asks and (ANY in self._known or origin in self._known):
            return await self._preflight(origin)(scope, receive, send_allowed)
        return await self._app(scope, receive, send_allowed)

    def _allow(self, headers: MutableHeaders, origin: str) -> None:
        if ANY in self._known:  # the same for everybody, so that caches need not tell origins apart
            headers["Access-Control-Allow-Origin"] = ANY
        else:
            headers.add_vary_header("Origin")
            if origin not in self._known:
                return
            headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED

    def _preflight(self, origin: str) -> Response:
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": _WRITING if origin in self._writers else _READING,
                "Access-Control-Allow-Headers": _SENT,
                "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
            },
        )
