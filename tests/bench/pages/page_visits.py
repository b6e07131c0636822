"""A page opened in a browser for the first time, and zoomed: what comes of it, and how long that takes."""

import asyncio
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.clients.browsers import Browser, BrowserError, open_browser
from tests.support.running.session_folder import session_folder

#: Who cannot show a page in so many seconds is not waited for.
MOST_SECONDS: Final = 120.0
_QUIET_MILLISECONDS: Final = 500
_STEPS: Final = 30
#: Runs before anything of the page. What takes 50 ms or more of the main thread is a long task.
_RECORDER: Final = """(() => {
    const told = window.told = {tasks: [], shown: null};
    new PerformanceObserver((list) => {
        for (const {startTime, duration} of list.getEntries()) told.tasks.push([startTime, startTime + duration]);
    }).observe({type: "longtask", buffered: true});
    const look = () => {
        const drawn = window.isShown || document.querySelector("#seam svg[data-drawn]");
        if (drawn && document.readyState === "complete") told.shown = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()"""
_TOLD: Final = """(() => {
    const pages = performance.getEntriesByType("navigation");
    const parts = [...pages, ...performance.getEntriesByType("resource")];
    return {
        ...window.told, now: performance.now(), begun: pages[0]?.responseStart ?? 0,
        bytes: parts.reduce((sum, {transferSize}) => sum + transferSize, 0),
        nodes: document.querySelectorAll("*").length,
    };
})()"""
_DRAWN: Final = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"


@dataclass(frozen=True, slots=True)
class Visit:
    """What one page took: bytes, elements, and milliseconds. None: not within MOST_SECONDS, or not asked for.

    Usable is from the first byte until all is shown and the main thread has been quiet for half a second, which is not
    counted. A longest task of 0 is one below the 50 ms from which on the browser tells of them.
    """

    name: str
    bytes: int
    nodes: int
    usable: float | None
    longest_loading: float
    longest_zooming: float | None


async def visit(name: str, url: str, zoom: str | None) -> Visit:
    """Open a page with a browser that knows nothing of it, then zoom by a button or a wheel."""
    with tempfile.TemporaryDirectory(dir=session_folder(), ignore_cleanup_errors=True) as profile:
        async with open_browser(Path(profile)) as browser:
            await browser.resize(1280, 900)
            await browser.before_pages(_RECORDER)
            await browser.open(url)
            told = await _loaded(browser)
            longest = max((end - start for start, end in told["tasks"]), default=0.0)
            if told["shown"] is None:
                return Visit(name, told["bytes"], told["nodes"], None, longest, None)
            ends = [told["shown"], *(end for _, end in told["tasks"])]
            usable = max(ends) - told["begun"]
            return Visit(name, told["bytes"], told["nodes"], usable, longest, await _zoomed(browser, zoom))


async def _loaded(browser: Browser) -> dict[str, Any]:
    """What the recorder tells once the page is shown and quiet, or the time is up."""
    ends = time.monotonic() + MOST_SECONDS
    told: dict[str, Any] = {"tasks": [], "shown": None, "bytes": 0, "nodes": 0}
    while time.monotonic() < ends:
        try:
            told = await browser.ask(_TOLD) or told
        except (BrowserError, TimeoutError):  # it is still on its way, or too busy to answer
            continue
        last = max((end for _, end in told["tasks"]), default=0.0)
        if told["shown"] is not None and told["now"] - max(told["shown"], last) > _QUIET_MILLISECONDS:
            return told
        await asyncio.sleep(0.1)
    return told


async def _zoomed(browser: Browser, button: str | None) -> float | None:
    """The longest task of some steps of zooming."""
    begun = await browser.ask("performance.now()")
    x, y = await browser.ask("""(() => {
        const drawing = document.querySelector("#seam svg, #timeline");
        drawing.focus({preventScroll: true}); // ours leaves the wheel to the page otherwise
        drawing.scrollIntoView({block: "center", behavior: "instant"});
        const {x, y, width, height} = drawing.getBoundingClientRect();
        return [x + 0.6 * width, y + 0.5 * height];
    })()""")
    try:
        for _ in range(_STEPS):
            if button is not None:
                await browser.ask(f"document.querySelector({button!r}).click()")
            else:
                await browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-120)
            await browser.ask(_DRAWN)
        await asyncio.sleep(_QUIET_MILLISECONDS / 1000)  # what it asks the service for comes, and is drawn
        told = await browser.ask(_TOLD)
    except TimeoutError:
        return math.inf
    return max((end - start for start, end in told["tasks"] if start >= begun), default=0.0)
