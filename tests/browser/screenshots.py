"""Pictures of each page of a running stack at three widths and in both themes, to be looked at: `make screenshots`."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

import httpx
from tests.support.clients.browsers import CHROMIUM, Browser, open_browser
from tests.support.waiting import wait_until

WIDTHS: Final = (390, 820, 1440)
SCHEMES: Final = ("light", "dark")
_PAGES: Final = {
    "home": "/",
    "pair": "/timelines/CHN-IND",
    "filtered": "/timelines/CHN-IND?type=ban&order=desc",
    "empty": "/timelines/AND-TUV",
    "changes": "/timelines/CHN-IND/changes?since=2020-01-01T00:00:00Z",
    "embed": "/embed/CHN-IND",
    "search": "/search?q=india",
    "guide": "/guide",
    "post": "/post?country=China&country=India",
    "recorded": "/recorded/0:0",
    "not-found": "/timelines?a=Indai&b=Congo",
    "refused": "/timelines/CHN-IND?from=bad",
    "audit": "/audit",
    "records": "/audit/records?outcome=rejected&outcome=duplicate",
    "api": "/docs",
    "problems": "/problems",
}

#: A page is whole once its graphic, if it has one, is no longer loaded.
_WHOLE: Final = """document.readyState === "complete"
    && !document.querySelector("#seam .seam-state")?.textContent.startsWith("Loading")"""


async def take(url: str, folder: Path) -> None:
    """Take all pictures of the service at `url`."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = (await client.get("/v1/events", params={"limit": 1, "order": "desc"})).raise_for_status()
    (event,) = answer.json()["items"]
    path = f"/events/{event['id']}"
    events = {"event": path, "correct": f"{path}/correct", "retract": f"{path}/retract"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        async with open_browser(Path(profile)) as browser:
            for name, path in (_PAGES | events).items():
                await _take_one(browser, f"{url}{path}", folder, name)


async def _take_one(browser: Browser, url: str, folder: Path, name: str) -> None:
    for width in WIDTHS:
        await browser.resize(width, 900)
        for scheme in SCHEMES:
            await browser.prefer(scheme)
            await browser.open(url)
            await browser.shows("body", "Dyadline")
            await wait_until(lambda: browser.ask(_WHOLE))
            (folder / f"{name}-{width}-{scheme}.png").write_bytes(await browser.picture())


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("there is no chromium here: on Debian, apt-get install chromium")
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    asyncio.run(take(sys.argv[1], Path(sys.argv[2])))
    print(f"The pictures are in {sys.argv[2]}")
