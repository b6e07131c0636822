"""The id of each request: the caller's, or one of ours. It is answered, and stands in every line that is logged."""

import re
from typing import Final
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ID: Final = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
#: W3C Trace Context: version, trace id, parent id, flags.
_TRACE: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")


class RequestIds:
    """ASGI middleware: `X-Request-ID` as it came, else the trace id of `traceparent`, else a new id.

    Who asks is nobody yet, in lines of the log: whoever knows better binds another `principal`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request_id = request_id_of(Headers(scope=scope))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id, principal="anonymous"):
            await self._app(scope, receive, answer)


def request_id_of(headers: Headers) -> str:
    """The id that a request's headers carry, or a new one where they carry none that is fit for a log."""
    given = headers.get("x-request-id", "")
    if _ID.fullmatch(given):
        return given
    traced = _TRACE.fullmatch(headers.get("traceparent", ""))
    return traced[1] if traced is not None else uuid4().hex
