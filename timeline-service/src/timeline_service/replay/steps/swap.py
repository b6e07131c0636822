"""Swap: the pointer is moved as soon as a generation is level, and readers notice nothing of it."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import structlog

from timeline_service.domain.replays import builds
from timeline_service.errors import HaltError, LockedError, StuckError, UnavailableError
from timeline_service.replay.attempt import Attempt
from timeline_service.replay.log import ReplayedLog
from timeline_service.replay.steps.catch_up import CatchUp

_LOG: Final = structlog.get_logger()
_SWAP_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.1
_HANDOVER_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 1.0


async def swap(attempt: Attempt, log: ReplayedLog, catch_up: CatchUp, n: int, result: Mapping[str, Any]) -> None:
    """Move the pointer as soon as the generation is level, and project it until the projectors have noticed."""
    deadline = time.monotonic() + _SWAP_SECONDS
    async with catch_up.tail() as following:
        while (hindrance := await try_to_swap(attempt, log, catch_up, n)) is not None:
            if following.done():
                following.result()
                raise StuckError(f"another projector has taken over generation {n} before it was live")
            if time.monotonic() > deadline:
                raise hindrance
            await asyncio.sleep(_PAUSE_SECONDS)
        _LOG.info("swapped", generation=n)
        await attempt.finish(result)
        await _hand_over(attempt, following)


async def try_to_swap(attempt: Attempt, log: ReplayedLog, catch_up: CatchUp, n: int) -> UnavailableError | None:
    """Why it could not be swapped; None if it was."""
    try:
        await catch_up.feed_some()
        live = await attempt.reach.live()
        ends = await log.ends()  # asked for afterwards: a checkpoint beyond them is nothing to wait for
        beyond = {p for p, offset in live.items() if p >= len(ends) or offset > ends[p]}
        if await attempt.generations.swap(n, beyond):
            return None
        await _require_going_on(attempt, live, n)
        return StuckError("the live projection could not be reached")
    except LockedError as error:
        hindrance: UnavailableError = StuckError(str(error))
    except UnavailableError as error:
        hindrance = error
    _LOG.info("not swapped yet", reason=str(hindrance))
    return hindrance


async def _hand_over(attempt: Attempt, following: "asyncio.Task[None]") -> None:
    """Go on projecting until a projector takes over, which may be of a release that is yet to be started."""
    deadline = time.monotonic() + _HANDOVER_SECONDS
    while not following.done() and time.monotonic() < deadline:
        if any(builds(row["kind"]) for row in await attempt.replays.open()):
            return  # somebody waits for us
        await asyncio.wait([following], timeout=_LOOK_SECONDS)


async def _require_going_on(attempt: Attempt, live: Mapping[int, int], n: int) -> None:
    """Raises HaltError where a generation is stopped before the live one, which it then never reaches."""
    for stop in await attempt.reach.stops(n):
        if live.get(stop.partition, 0) > stop.next_offset:
            raise HaltError(
                f"partition {stop.partition} of generation {n} is stopped at {stop.next_offset}, before which the live "
                f"projection has gone on: {stop.stopped}"
            )
