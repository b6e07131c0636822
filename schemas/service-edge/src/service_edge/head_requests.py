"""HEAD, answered wherever GET is (RFC 9110, 9.1)."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadMiddleware:
    """ASGI middleware: the app sees a GET. The server, which knows better, sends the head of its answer only.

    What would be long, or without an end, finds `head` in its scope and can leave it out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", "head": True}
        await self._app(scope, receive, send)
