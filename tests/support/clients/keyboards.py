"""Somebody who has a keyboard alone: goes by Tab, writes, presses, and always sees where they are."""

import json
from dataclasses import dataclass
from typing import Final

from tests.support.clients.browsers import Browser, BrowserError
from tests.support.waiting import wait_until

_MOST_STEPS: Final = 150
#: Where the keyboard is: what is wrong with that, or nothing.
_WRONG: Final = """(() => {
    const at = document.activeElement;
    if (!at || at === document.body || at === document.documentElement) return "the focus is lost";
    const name = at.outerHTML.slice(0, 120);
    const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(at);
    const marked = (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
    if (!marked) return `the focus is not seen: ${name}`;
    const {top, bottom, left, right, width, height} = at.getBoundingClientRect();
    const inView = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
    return width && height && inView ? "" : `the focus is out of view: ${name}`;
})()"""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """Keys of a page. Every step asserts that the focus is there, and seen; the steps of a mouse are not here."""

    browser: Browser

    async def opens(self, heading: str, *, by: str = "Enter") -> None:
        """Press a key that leads to another page, and wait until that is there."""
        await self.browser.ask("window.isLeft = true")
        await self.browser.press(by)

        async def another() -> bool:
            return bool(await self.browser.ask("!window.isLeft && document.readyState === 'complete'"))

        await wait_until(another, ignore=(BrowserError,))
        await self.browser.shows("h1", heading)

    async def goes_to(self, selector: str, *, back: bool = False) -> None:
        """Press Tab until an element has the focus."""
        reached = f"!!document.activeElement?.matches({json.dumps(selector)})"
        for _ in range(_MOST_STEPS):
            await self.browser.press("Tab", shift=back)
            await self.sees()
            if await self.browser.ask(reached):
                return
        raise AssertionError(f"Tab does not lead to {selector}")

    async def presses(self, *keys: str) -> None:
        """Press keys, one after the other; a character is written as well."""
        for key in keys:
            await self.browser.press(key, key if len(key) == 1 and key != " " else "")
            await self.sees()

    async def writes(self, words: str) -> None:
        """Write words into the field that has the focus, in place of what is there."""
        await self.browser.ask("document.activeElement.select?.()")
        await self.browser.type(words)
        await self.sees()

    async def sees(self) -> None:
        """Where the keyboard is can be seen."""
        wrong = await self.browser.ask(_WRONG)
        assert not wrong, wrong
