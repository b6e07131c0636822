"""A page with the seam alone, under the strict policy that the house's pages have; the rest is a timeline service's."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from timeline_service import web

STATIC: Final = Path(web.__file__).parent / "static"
_POLICY: Final = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'"
_TYPES: Final = {"js": "text/javascript", "css": "text/css"}
_PAGE: Final = """<!doctype html><html lang=en><meta charset=utf-8><title>A seam</title>
<meta name=viewport content="width=device-width, initial-scale=1">
<link rel=stylesheet href=/page.css><link rel=stylesheet href=/static/seam.css>
<script type=module src=/static/seam.js></script>
<main><h1>{first} – {second}</h1>
<section id=seam aria-label="The relation over time" data-pair="{pair}" data-first="{first}" data-second="{second}"
 data-query="{query}"></section>
<ol>{items}</ol></main>"""
_CSS: Final = """:root { color-scheme: light dark } body { background: light-dark(#faf8f2, #14181b);
color: light-dark(#1d2326, #eae7de); font: 0.875rem/1.5 system-ui, sans-serif; margin: 0 }
main { margin: 0 auto; max-width: 65rem; padding: 1rem } ol { padding: 0; list-style: none } li { padding: 0.5rem 0 }
a { color: light-dark(#1f4f86, #8db9ea) } h1 { font: 700 2.4rem/1.2 serif }"""


@dataclass(slots=True)
class SeamPages:
    """Where the page is, what marks it is given instead of the service's, and what it has asked for."""

    url: str = ""
    service: str = ""
    pair: str = "CHN-IND"
    names: tuple[str, str] = ("China", "India")
    #: The answer to whoever asks for marks, by status; None leaves it to the service.
    marks: tuple[int, Mapping[str, Any]] | None = None
    #: Events in the list: id, date and title.
    items: list[tuple[str, str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def page(self, query: str) -> str:
        """The page for some filters."""
        first, second = (escape(name, quote=True) for name in self.names)
        items = "".join(
            f"<li id='e-{identity}'><time datetime='{day}'>{day}</time> <span>{escape(title)}</span></li>"
            for identity, day, title in self.items
        )
        return _PAGE.format(first=first, second=second, pair=self.pair, query=escape(query, quote=True), items=items)

    async def answer(self, target: str) -> tuple[int, str, bytes]:
        """Status, type and body."""
        path, query = urlsplit(target).path, urlsplit(target).query
        if path == "/":
            return 200, "text/html", self.page(parse_qs(query).get("query", [""])[0]).encode()
        if path == "/page.css":
            return 200, "text/css", _CSS.encode()
        if path.startswith("/static/"):
            name = path.rpartition("/")[2]
            return 200, _TYPES[name.rpartition(".")[2]], (STATIC / name).read_bytes()
        if path.endswith("/marks"):
            self.asked.append(target)
            if self.marks is not None:
                status, body = self.marks
                return status, "application/json", json.dumps(body).encode()
        if not self.service:
            return 404, "text/plain", b""
        async with httpx.AsyncClient(base_url=self.service, trust_env=False, timeout=30) as client:
            passed = await client.get(target)
        return passed.status_code, passed.headers.get("content-type", "text/plain"), passed.content


@asynccontextmanager
async def seam_pages(service: str = "") -> AsyncIterator[SeamPages]:
    """Serve it, in front of a service."""
    pages = SeamPages(service=service)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, which may never come."""
        asked = (await reader.readline()).split(b" ")
        if len(asked) > 1:
            while (await reader.readline()).strip():
                pass
            status, kind, body = await pages.answer(asked[1].decode())
            head = (
                f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                f"Content-Security-Policy: {_POLICY}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    pages.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        yield pages
    finally:
        server.close()
        await server.wait_closed()
