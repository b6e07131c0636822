"""The one way in which tests wait: for a condition, never for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def wait_until(
    condition: Callable[[], Awaitable[T]], timeout: float = ..., *, ignore: tuple[type[Exception], ...] = ...
) -> T: ...
@overload
async def wait_until(
    condition: Callable[[], T], timeout: float = ..., *, ignore: tuple[type[Exception], ...] = ...
) -> T: ...
async def wait_until(
    condition: Callable[[], Any], timeout: float = 30, *, ignore: tuple[type[Exception], ...] = ()
) -> Any:
    """Ask until the answer is truthy, and return it; exceptions of the types in `ignore` count as "not yet".

    Raises AssertionError with the last answer when the time is up.
    """
    deadline = time.monotonic() + timeout
    pause = 0.01
    last: Any = None
    while True:
        try:
            answer = condition()
            last = await answer if inspect.isawaitable(answer) else answer
            if last:
                return last
        except ignore as error:
            last = error
        if time.monotonic() > deadline:
            words = inspect.getsource(condition).strip() if inspect.isfunction(condition) else repr(condition)
            raise AssertionError(f"not within {timeout} s: {words}\nthe last answer was {last!r}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.25)
