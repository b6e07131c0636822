"""A span for each request, below that of its caller if it names one."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import get_contextvars

from service_edge.tracing import TRACEPARENT, is_tracing, traced


class RequestTraces:
    """ASGI middleware: nothing at all unless the process traces."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on inside a span, which is named by its route."""
        if scope["type"] != "http" or not is_tracing():
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        known = {"http.request.method": scope["method"], "dyadline.request_id": get_contextvars().get("request_id", "")}
        with traced("request", "server", parent=headers.get(TRACEPARENT), attributes=known) as span:

            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route = getattr(scope.get("route"), "path", "none")
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attribute("http.route", route)
                    span.set_attribute("http.response.status_code", message["status"])
                    if (position := Headers(raw=message["headers"]).get("timeline-position")) is not None:
                        span.set_attribute("dyadline.position", position)
                await send(message)

            await self._app(scope, receive, answer)
