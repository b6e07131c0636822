"""Pages in which other people's widgets show events: vis-timeline and TimelineJS, from npm, served on loopback."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local_stack.node_packages import node_packages

_PINS: Final = Path(__file__).parent / "widgets"
_TYPES: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget: its page, its files in its package, and where its zoom is."""

    name: str
    page: str
    script: str
    style: str
    #: A button that zooms, by its selector; without one a wheel does.
    zoom: str | None

    @property
    def title(self) -> str:
        """Its name, with the version that is pinned."""
        lock = json.loads((_PINS / "package-lock.json").read_text(encoding="utf-8"))
        return f"{self.name.rpartition('/')[2]} {lock['packages'][f'node_modules/{self.name}']['version']}"


VIS_TIMELINE: Final = Widget(
    "vis-timeline", "vis-timeline.html", "standalone/umd/vis-timeline-graph2d.min.js",
    "styles/vis-timeline-graph2d.min.css", None,
)  # fmt: skip
TIMELINEJS: Final = Widget(
    "@knight-lab/timelinejs", "timelinejs.html", "dist/js/timeline.js", "dist/css/timeline.css",
    ".tl-menubar-button[class*=zoom-in], .tl-menubar-button:has([class*=zoom-in])",
)  # fmt: skip


def vis_items(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events as vis-timeline takes them: what is open ends today, or begins with all others."""
    beginning = min(event["earliest"] for event in events if event["earliest"])
    items = []
    for event in events:
        first, last = event["earliest"] or beginning, event["latest"]
        item = {"id": event["id"], "content": event["title"], "start": first}
        items.append(item if first == last else {**item, "end": last or "2026-12-31"})
    return items


@asynccontextmanager
async def widget_page(widget: Widget, events: bytes) -> AsyncIterator[str]:
    """Serve a widget's page with events as it takes them, compressed as ours are; yields its address."""
    package = node_packages(_PINS) / widget.name
    files = {
        "/": ("html", (_PINS / widget.page).read_bytes()),
        "/widget.js": ("js", (package / widget.script).read_bytes()),
        "/widget.css": ("css", (package / widget.style).read_bytes()),
        "/events.json": ("json", events),
    }
    answers = {path: _answer(kind, body) for path, (kind, body) in files.items()}
    server = await asyncio.start_server(lambda *streams: _serve(answers, *streams), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


def _answer(kind: str, body: bytes) -> bytes:
    content = gzip.compress(body, 6, mtime=0)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {_TYPES[kind]}; charset=utf-8\r\nContent-Encoding: gzip\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + content


async def _serve(answers: Mapping[str, bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request, which may never come."""
    asked = (await reader.readline()).split(b" ")
    if len(asked) > 1:
        while (await reader.readline()).strip():
            pass
        path = asked[1].decode().partition("?")[0]
        nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(answers.get(path, nothing))
        await writer.drain()
    writer.close()
