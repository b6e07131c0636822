"""The probes of a process that answers nothing else: `/healthz`, `/readyz` and `/metrics`, on a port of its own."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service_edge.crew import READY, Crew
from service_edge.crew_metrics import METRICS, metrics_of
from service_edge.hosts import is_loopback

if TYPE_CHECKING:
    from service_edge.access.gate import Gate

LOOPBACK: Final = "127.0.0.1"


class ProbePortError(Exception):
    """The port on which a process is to answer its probes is taken, or may not be used."""


class ProbeHostError(Exception):
    """A host to answer probes on that others could reach, though nobody has to say who they are."""


@asynccontextmanager
async def answering_probes(
    listening: socket.socket,
    why_not_ready: Callable[[], str],
    host: str = LOOPBACK,
    gate: "Gate | None" = None,
    crew: Crew | None = None,
) -> AsyncIterator[int]:
    """Answer probes meanwhile, at what `listen_for_probes` gave; yields the port.

    `why_not_ready` gives the reason for which the process cannot work now, or nothing. Beyond loopback a gate keeps the
    metrics, for which one that asks for credentials is needed. It is closed in the end. `crew`: the processes that
    answer there together. Raises ProbeHostError.
    """
    crew = crew or Crew()
    app = _app(why_not_ready, crew)
    if not is_loopback(host):
        if gate is None or not gate.asks:
            raise ProbeHostError(
                f"{host} can be reached from outside, where everybody could read the metrics: listen on {LOOPBACK}, or "
                "set TIMELINE_TOKENS_FILE or TIMELINE_OIDC_ISSUER"
            )
        _guard(app, gate)
    await crew.open()
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False))
    with listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)
            await crew.close()
            if gate is not None:
                await gate.close()


def listen_for_probes(port: int, host: str = LOOPBACK) -> socket.socket:
    """A socket at a port, which is any free one for 0; raises ProbePortError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ProbePortError(f"port {port} of {host} cannot be had: {os.strerror(error.errno or 0)}") from error


def _guard(app: Starlette, gate: "Gate") -> None:
    from service_edge.access.guard import AccessGuard  # which most of these processes do without, on loopback
    from service_edge.access.needs import Needs, table

    gate.needs = Needs(app.routes, table(open_to_all=["GET /healthz", "GET /readyz"], operate=["GET /metrics"]))
    app.add_middleware(AccessGuard, gate=gate)


class _Server(uvicorn.Server):
    """A server beside the process's own work, which obeys signals by itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _app(why_not_ready: Callable[[], str], crew: Crew) -> Starlette:
    async def own_ready() -> bytes:
        return why_not_ready().encode()

    async def own_metrics() -> bytes:
        return generate_latest(REGISTRY)

    crew.report(READY, own_ready)
    crew.report(METRICS, own_metrics)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        if reason := why_not_ready() or await crew.why_not_ready():
            return JSONResponse({"status": "waiting", "reason": reason}, 503)
        return JSONResponse({"status": "ready"})

    async def metrics(_: Request) -> Response:
        return Response(await metrics_of(crew, await own_metrics()), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
