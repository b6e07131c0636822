"""A real browser that a test drives: it opens a page, clicks, and asks what is there (Chrome DevTools Protocol)."""

import asyncio
import json
import os
import shutil
import sys
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.waiting import wait_until

CHROMIUM = shutil.which("chromium")
#: The browser reads commands from descriptor 3 and answers on 4, whichever numbers ours have.
_LAUNCH = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])"""
#: Keys that the browser itself acts upon, by their names: their numbers, and what they write.
_KEYS: Final = {
    "Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), " ": (32, " "), "End": (35, ""), "Home": (36, ""),
    "ArrowLeft": (37, ""), "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""),
}  # fmt: skip
_SHIFT: Final = 8


class BrowserError(Exception):
    """A command that the browser could not carry out, for one because it shows another page meanwhile."""


class Browser:
    """One tab. Commands go to the browser by a pipe, and so do its answers, each ended by a zero byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._number = 0
        self._session: str | None = None
        #: What the page has complained of: exceptions, and what its policy forbids.
        self.complaints: list[str] = []

    async def open(self, url: str) -> None:
        """Show a page."""
        await self._command("Page.navigate", url=url)

    async def before_pages(self, script: str) -> None:
        """Run a script in every page that is opened from now on, before anything of its own."""
        await self._command("Page.addScriptToEvaluateOnNewDocument", source=script)

    async def ask(self, expression: str) -> Any:
        """What an expression is on the page."""
        answer = await self._command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def text(self, selector: str) -> str:
        """The text that is seen of an element; empty where there is none."""
        return str(await self.ask(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    async def shows(self, selector: str, *words: str) -> None:
        """Wait until an element is there that shows all these words."""

        async def shown() -> bool:
            text = " ".join((await self.text(selector)).split())
            return bool(text) and all(word in text for word in words)

        try:
            await wait_until(shown, ignore=(BrowserError,))
        except AssertionError as error:
            raise AssertionError(f"{selector} shows {await self.text(selector)!r} instead of {words}") from error

    async def click(self, selector: str) -> None:
        """Click an element, once it is there and seen, and the page and its scripts are whole."""
        place = f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            element?.scrollIntoView({{block: "center", behavior: "instant"}});
            const {{x, y, width, height}} = element?.getBoundingClientRect() ?? {{}};
            return document.readyState === "complete" && width && [x + width / 2, y + height / 2];
        }})()"""
        box = await wait_until(lambda: self.ask(place), ignore=(BrowserError,))
        for kind in ("mousePressed", "mouseReleased"):
            await self._command("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    async def type(self, words: str) -> None:
        """Write words where the cursor is."""
        await self._command("Input.insertText", text=words)

    async def write(self, selector: str, words: str) -> None:
        """Write words into a field, in the place of what stands there, as somebody at a keyboard does."""
        await self.click(selector)
        await self._command("Input.dispatchKeyEvent", type="keyDown", key="a", commands=["selectAll"])
        await self._command("Input.dispatchKeyEvent", type="keyUp", key="a")
        await self.type(words)

    async def choose(self, selector: str, value: str) -> None:
        """Choose one of the values of a list that opens, once it is there."""
        field = f"document.querySelector({json.dumps(selector)})"
        await wait_until(lambda: self.ask(f"{field} !== null"), ignore=(BrowserError,))
        assert await self.ask(f"{field}.value = {json.dumps(value)}; {field}.value") == value

    async def values(self, selector: str) -> list[str]:
        """What stands in fields, in their order."""
        found: list[str] = await self.ask(
            f"[...document.querySelectorAll({json.dumps(selector)})].map(each => each.value)"
        )
        return found

    async def press(self, key: str, text: str = "", *, shift: bool = False) -> None:
        """Press a key, by its name in `KeyboardEvent.key`; `text` is what it writes."""
        number, written = _KEYS.get(key, (0, ""))
        pressed = {"key": key, "windowsVirtualKeyCode": number, "modifiers": _SHIFT if shift else 0}
        await self._command("Input.dispatchKeyEvent", type="keyDown", text=text or written, **pressed)
        await self._command("Input.dispatchKeyEvent", type="keyUp", **pressed)

    async def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """What a mouse does at a place: mouseMoved, mousePressed, mouseReleased or mouseWheel."""
        await self._command("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    async def prefer(self, scheme: str = "light", *, still: bool = False) -> None:
        """Show pages as for somebody who likes them `light` or `dark`, and perhaps still."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce" if still else "no-preference"}
        asked = [{"name": name, "value": value} for name, value in features.items()]
        await self._command("Emulation.setEmulatedMedia", features=asked)

    async def worked(self) -> float:
        """Milliseconds that the page's own thread has worked since this was first asked, however busy others are."""
        await self._command("Performance.enable", timeDomain="threadTicks")
        metrics = (await self._command("Performance.getMetrics"))["metrics"]
        return float(1000 * next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

    async def picture(self) -> bytes:
        """What is seen, as PNG."""
        return b64decode((await self._command("Page.captureScreenshot", format="png"))["data"])

    async def resize(self, width: int, height: int) -> None:
        """Show pages as a screen of this size does."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        await self._command("Emulation.setDeviceMetricsOverride", **size)

    async def show_scrollbars(self, width: int, height: int) -> None:
        """Show pages as a window of this size does, whose scrollbars take room of theirs."""
        await self._command("Emulation.setScrollbarsHidden", hidden=False)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self._command("Emulation.setDeviceMetricsOverride", **size)

    async def attach(self) -> None:
        """Take the tab that there is."""
        target = (await self._command("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self._command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            await self._command(f"{domain}.enable")

    async def _command(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._writer.write(json.dumps(message).encode() + b"\0")
        await self._writer.drain()
        while True:
            heard = json.loads((await asyncio.wait_for(self._reader.readuntil(b"\0"), 30))[:-1])
            if heard.get("id") == self._number:
                if "error" in heard:
                    raise BrowserError(str(heard["error"]))
                result: dict[str, Any] = heard["result"]
                return result
            if heard.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(str(heard["params"]["exceptionDetails"]))
            elif heard.get("method") == "Log.entryAdded" and heard["params"]["entry"]["level"] == "error":
                self.complaints.append(str(heard["params"]["entry"]))


@asynccontextmanager
async def open_browser(profile: Path, *options: str) -> AsyncIterator[Browser]:
    """Start a browser without a window; it ends with the block."""
    assert CHROMIUM is not None
    their_input, our_output = os.pipe()
    our_input, their_output = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _LAUNCH, str(their_input), str(their_output), CHROMIUM),
        *("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--remote-debugging-pipe"),
        *options,
        pass_fds=(their_input, their_output),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(their_input)
    os.close(their_output)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**24)
    reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(our_input, "rb"))
    writing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(our_output, "wb"))
    try:
        browser = Browser(reader, asyncio.StreamWriter(writing, protocol, None, loop))
        await browser.attach()
        yield browser
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        reading.close()
        writing.close()
