"""The live feed in a real browser: EventSource reads it, and comes back by itself where it was."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import timeline_stack
from tests.support.waiting import wait_until

PAGE = """<!doctype html><title>listening</title><script>
const source = new EventSource("STREAM");
const tell = (what) => fetch("/told?what=" + encodeURIComponent(what), {method: "POST"});
source.onopen = () => tell("open");
for (const name of ["applied", "left"])
  source.addEventListener(name, (event) => tell(name + " " + JSON.parse(event.data).event.title));
</script>"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium here")
async def test_an_event_source_is_told_and_comes_back(engines: Engines, tmp_path: Path) -> None:
    async with timeline_stack(engines) as stack:
        service = await stack.services.timeline("open", TIMELINE_READING_ORIGINS="*")
        page = PAGE.replace("STREAM", f"{service.url}/v1/timelines/CHN-IND/live")
        async with told_by_a_browser(page, tmp_path) as told:
            await wait_until(lambda: "open" in told, 60)
            await stack.append(recording("first", "2020", ["IN", "CN"]))
            await wait_until(lambda: "applied first" in told)
            await service.terminate()
            await stack.append(recording("while it was away", "2020", ["IN", "CN"]))
            service.start()
            await wait_until(lambda: "applied while it was away" in told, 60)
            await stack.append(recording("last", "2020", ["IN", "CN"]))
            await wait_until(lambda: "applied last" in told)
            assert [item for item in told if item != "open"] == [
                "applied first",
                "applied while it was away",
                "applied last",
            ]


@asynccontextmanager
async def told_by_a_browser(page: str, profile: Path) -> AsyncIterator[list[str]]:
    """Show a page in a browser; yields what it tells, as it tells it."""
    told: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, which may never come."""
        asked = (await reader.readline()).split(b" ")
        if len(asked) < 2:  # a connection that the browser has opened in case that it needs one
            return writer.close()
        target = asked[1].decode()
        while (await reader.readline()).strip():
            pass
        told.extend(parse_qs(urlsplit(target).query).get("what", ()))
        body = page.encode() if target == "/" else b""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    browser = await asyncio.create_subprocess_exec(
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"),
        *("--remote-debugging-port=0", f"http://127.0.0.1:{port}/"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield told
    finally:
        browser.terminate()
        await browser.wait()
        server.close()
        await server.wait_closed()
