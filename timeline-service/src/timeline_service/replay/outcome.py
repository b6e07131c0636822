"""What comes of an attempt at a replay: success, failure, an end that was asked for, or another attempt later."""

import asyncio
import time
from typing import Final, Literal

import structlog

from timeline_service.adapters.postgres.scratch import scratch_schema
from timeline_service.errors import HaltError, StuckError, UnavailableError
from timeline_service.replay.attempt import Attempt
from timeline_service.replay.metrics import ENDED, RUNNING, SECONDS
from timeline_service.replay.rebuild import activate, rebuild
from timeline_service.replay.steps.generation import abandon
from timeline_service.replay.verification import verify

_LOG: Final = structlog.get_logger()
_MAX_ATTEMPTS: Final = 5
_PLANS: Final = {"verify": verify, "rebuild": rebuild, "activate": activate}


async def carry_out(attempt: Attempt) -> None:
    """Carry a replay out to its end. It stays to be gone on with where something is away, or the process stops.

    Raises UnavailableError for the one, CancelledError for the other.
    """
    replay, replays = attempt.replay, attempt.replays
    recording = asyncio.create_task(attempt.recorder.run())
    log = _LOG.bind(replay=str(replay.id), kind=replay.kind)
    running = RUNNING.labels(replay.kind)
    running.inc()
    begun = time.monotonic()
    log.info("replaying", stuck=replay.attempts)
    try:
        if replay.cancelling:  # since nobody was there to end it
            raise asyncio.CancelledError
        await _sweep(attempt)
        result = await _PLANS[replay.kind](attempt)
        await attempt.recorder.write()
        await attempt.finish(result)
        ENDED.labels(replay.kind, "succeeded").inc()
        log.info("replayed", equal=result["equal"])
    except StuckError as error:
        if await replays.note_stuck(replay.id) < _MAX_ATTEMPTS:
            raise
        await _end(attempt, "failed", str(error))
        log.error("failed", reason=str(error))
    except UnavailableError:
        raise  # it is gone on with later
    except asyncio.CancelledError:
        if not await replays.cancelling(replay.id):
            raise
        await _end(attempt, "cancelled", None)
        log.info("cancelled")
    except HaltError as error:
        await _end(attempt, "failed", str(error))
        log.error("failed", reason=str(error))
    except Exception as error:
        await _end(attempt, "failed", f"{type(error).__name__}: {error}")
        log.exception("failed")
    finally:
        running.dec()
        SECONDS.labels(replay.kind).observe(time.monotonic() - begun)
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)


async def _end(attempt: Attempt, state: Literal["cancelled", "failed"], reason: str | None) -> None:
    """Leave nothing behind of a replay that comes to nothing; one that has swapped came to something."""
    replay = await attempt.replays.claimed(attempt.replay.id) or attempt.replay
    live = await attempt.generations.live()
    if replay.result is not None and live is not None and live.n == replay.generation:
        return await attempt.replays.finish(replay.id, "succeeded", result=replay.result)
    ENDED.labels(replay.kind, state).inc()
    await abandon(attempt.generations, replay)
    await attempt.replays.finish(replay.id, state, result=None, reason=reason)


async def _sweep(attempt: Attempt) -> None:
    """Drop what replays that are over have left."""
    left = await attempt.scratch.left()
    wanted = {
        scratch_schema(row["id"]) for row in await attempt.replays.open()
    }  # afterwards: others may begin meanwhile
    await attempt.scratch.drop([schema for schema in left if schema not in wanted])
