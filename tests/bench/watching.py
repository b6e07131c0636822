"""Watching for the moment at which something is done, closely enough to measure by."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

_PAUSE_SECONDS: Final = 0.01


async def watch_until(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Ask a hundred times a second until it is so; raises TimeoutError when it is not in time."""
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not come to be within {seconds:.0f} s")
        await asyncio.sleep(_PAUSE_SECONDS)
