"""One HTTP process: where it may listen, and how its log reads."""

import asyncio
import os
import resource
import select
import signal
import socket
import ssl
import sys
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Final

import orjson
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service_edge.event_streams import ABORT, GONE
from service_edge.hosts import is_loopback
from service_edge.openapi import DescribedAPI
from service_edge.problems import MEDIA_TYPE, UNREADABLE_REQUEST
from service_edge.server_certificates import ServerCertificate
from service_edge.workers import Workers

#: Of an address and headers (also of those behind a body), and of what comes between two pieces of a request.
_MAX_HEAD_BYTES: Final = 256 * 1024


class NotLoopbackError(ValueError):
    """A host to listen on that others could reach, though nobody has to say who they are."""


class PortError(Exception):
    """A port that cannot be listened on."""


def serve(app: DescribedAPI, host: str, port: int, certificate: ServerCertificate | None = None) -> None:
    """Answer requests until a signal ends it; requests under way are answered first.

    With a certificate it answers HTTPS alone, and reads that again on SIGHUP. Where the app's crew has several members
    each is a process of its own. Raises NotLoopbackError and PortError.
    """
    if not (is_loopback(host) or app.asks_for_credentials):
        raise NotLoopbackError(
            f"{host} can be reached from outside, where everybody could do everything: listen on 127.0.0.1, or set "
            "TOKENS_FILE or OIDC_ISSUER"
        )
    _allow_connections()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=_Connection,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=20,
        ssl_context_factory=partial(_context_of, certificate) if certificate is not None else None,
    )
    with suppress(KeyboardInterrupt):  # raised again in the end, when Ctrl-C has been obeyed
        if app.crew.count == 1:
            _Server(config, certificate).run()
        else:
            _serve_in_crew(app, config, certificate)


def _serve_in_crew(app: DescribedAPI, config: uvicorn.Config, certificate: ServerCertificate | None) -> None:
    """Keep the port open, and have it answered by workers: whoever of them is idle takes the next connection."""

    def work(number: int) -> None:
        app.crew.number = number
        _Server(config, certificate).run([listening])

    def renew() -> None:
        if certificate is not None:
            certificate.renew()

    try:
        family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
        listening = socket.create_server((config.host, config.port), family=family, backlog=config.backlog)
    except OSError as error:
        raise PortError(
            f"port {config.port} of {config.host} cannot be had: {os.strerror(error.errno or 0)}"
        ) from error
    with listening:
        told = Workers(app.crew.count, work, renew).run()
    app.crew.dissolve()
    if told:
        signal.raise_signal(told)  # so it ends as one that works alone does
    sys.exit(STARTUP_FAILURE)


def _context_of(certificate: ServerCertificate, *_: object) -> ssl.SSLContext:
    return certificate.context


class _Server(uvicorn.Server):
    """Tells the app at once that it is asked to stop: the server itself waits for answers under way to end."""

    def __init__(self, config: uvicorn.Config, certificate: ServerCertificate | None) -> None:
        super().__init__(config)
        self._certificate = certificate

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._certificate is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._certificate.renew)
        app = self.config.app
        if isinstance(app, DescribedAPI):
            await app.crew.open()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        app = self.config.app
        if isinstance(app, DescribedAPI):
            await app.crew.close()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        app = self.config.app
        if isinstance(app, DescribedAPI):
            app.leave()


class _Connection(HttpToolsProtocol):
    """A connection that an answer can cut (closing it would wait for a client that takes nothing).

    What the server itself cannot read is refused as everything else is: by a problem. So is a head, or a trailer, that
    is too long: without a limit one connection would take all memory, and all time.
    """

    _told = 0
    _untold = 0
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        # The parser gathers a header until its end, copying all of it each time, and tells nothing meanwhile.
        told = self._told
        super().data_received(data)
        self._untold = self._untold + len(data) if self._told == told else 0
        if self._untold > _MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("")

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._told += 1
        super().on_body(body)

    def on_message_begin(self) -> None:
        self._told += 1
        self._head_bytes = 0
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}, GONE: {"has_gone": self._has_gone}}

    def _has_gone(self) -> bool:
        """Asked of the system: while more comes than is used nothing is read, and so no end is seen either."""
        if self.transport.is_closing():
            return True
        ends = select.poll()
        ends.register(self.transport.get_extra_info("socket").fileno(), select.POLLRDHUP)
        return bool(ends.poll(0))

    def _count(self, size: int) -> None:
        self._told += 1
        self._head_bytes += size
        if self._head_bytes > _MAX_HEAD_BYTES:
            raise ValueError("the head is too long")  # which the parser tells as an error of its own

    def send_400_response(self, msg: str) -> None:
        body = orjson.dumps(UNREADABLE_REQUEST.sample())
        headers = (
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        )
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head + b"\r\n" + body)
        self.transport.close()


def _allow_connections() -> None:
    """As many open files as the system lets us have: the usual 1,024 are fewer than listeners may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
