"""The probes of a process that answers nothing else: `/healthz`, `/readyz` and `/metrics`, on a port of its own."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LOOPBACK = "127.0.0.1"


class ProbePortError(Exception):
    """The port on which a process is to answer its probes is taken, or may not be used."""


@asynccontextmanager
async def answering_probes(port: int, why_not_ready: Callable[[], str]) -> AsyncIterator[int]:
    """Answer probes on loopback meanwhile; yields the port, which is any free one for 0.

    `why_not_ready` gives the reason for which the process cannot work now, or nothing. Raises ProbePortError.
    """
    try:
        listening = socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise ProbePortError(f"port {port} of {LOOPBACK} cannot be had: {os.strerror(error.errno or 0)}") from error
    server = _Server(uvicorn.Config(_app(why_not_ready), log_config=None, access_log=False, server_header=False))
    with listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)


class _Server(uvicorn.Server):
    """A server beside the process's own work, which obeys signals by itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _app(why_not_ready: Callable[[], str]) -> Starlette:
    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        if reason := why_not_ready():
            return JSONResponse({"status": "waiting", "reason": reason}, 503)
        return JSONResponse({"status": "ready"})

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
