"""The place through which every request passes: behind it, it is known who asks, and that they may."""

from collections.abc import Callable

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_edge.access.callers import note_caller
from service_edge.access.gate import Gate
from service_edge.host_origin_guard import READING
from service_edge.problems import ProblemError

#: Makes a page of a refusal, or leads elsewhere, for whoever wants that.
Show = Callable[[Request, ProblemError], Response | None]


class AccessGuard:
    """ASGI middleware: refuses what may not be done, and notes who does the rest."""

    def __init__(self, app: ASGIApp, gate: Gate, show: Show = lambda request, problem: None) -> None:
        self._app = app
        self._gate = gate
        self._show = show

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through under the name of its caller, or answer it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            caller = await self._gate.recognise(scope)
        except ProblemError as problem:
            return await self._refuse(problem, scope, receive, send)
        note_caller(scope, caller)
        with structlog.contextvars.bound_contextvars(principal=caller.name):
            try:
                self._gate.require(scope, caller)
            except ProblemError as problem:
                return await self._refuse(problem, scope, receive, send)
            is_private = caller.is_known and scope["method"] in READING
            await self._app(scope, receive, _sending_private(send) if is_private else send)

    async def _refuse(self, problem: ProblemError, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._show(Request(scope), problem) or problem.response(scope["path"])
        await response(scope, receive, send)


def _sending_private(send: Send) -> Send:
    async def send_private(message: Message) -> None:
        if message["type"] == "http.response.start":
            _keep_private(MutableHeaders(scope=message))
        await send(message)

    return send_private


def _keep_private(headers: MutableHeaders) -> None:
    """No cache keeps for others what one caller is answered; what is the same for all says so itself."""
    kept = headers.get("cache-control", "")
    if "no-store" not in kept and "public" not in kept:
        headers["cache-control"] = f"private, {kept}" if kept else "private"
