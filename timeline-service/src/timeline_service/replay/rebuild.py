"""Rebuild: a new generation from the log, beside the live one, and the swap that readers do not notice.

This is the plan; each of its steps is a module of `steps`, and can be done again: another attempt begins here, at the
top, and goes on with what is there.
"""

from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.replay.attempt import Attempt, Result
from timeline_service.replay.loading.workers import cores, start_workers
from timeline_service.replay.log import ReplayedLog, trusted_log
from timeline_service.replay.steps.approval import require_equal, require_judged, require_same_keys, require_signed
from timeline_service.replay.steps.catch_up import CatchUp
from timeline_service.replay.steps.comparison import uncompared
from timeline_service.replay.steps.generation import begin, index
from timeline_service.replay.steps.live_comparison import compare_past, compare_present
from timeline_service.replay.steps.loading import load
from timeline_service.replay.steps.swap import swap


async def rebuild(attempt: Attempt) -> Result:
    """Make a new generation and, unless it is one of the past, the live one. Returns the result."""
    log = await trusted_log(attempt.settings)
    async with start_workers(attempt.settings, cores(log.topic.partitions)) as workers:  # they get ready meanwhile
        log.require_origin(await attempt.reach.origins())
        ends = await log.ends()
        made = await begin(attempt, await log.vector_of(attempt.replay.until, ends))
        schema = generation_schema(made.n)
        unfilled = made.n in await attempt.generations.unfinished()  # else it is live already
        if unfilled:
            attempt.recorder.phase("loading")
            loaded = await attempt.reach.loaded(made.n)
            await load(attempt, workers, log, schema, made.until or ends, loaded)
    if unfilled:
        await index(attempt, made.n)
    if made.until is None:
        return await make_live(attempt, log, made.n)
    result = await compare_past(attempt, log, schema, made.until)
    await attempt.generations.finish(made.n)
    return result | {"generation": made.n}


async def activate(attempt: Attempt) -> Result:
    """Make a generation the live one that was so before. Returns the result."""
    log = await trusted_log(attempt.settings)
    log.require_origin(await attempt.reach.origins())
    await log.ends()
    assert attempt.replay.generation is not None  # it was asked for by its number
    await require_same_keys(attempt, attempt.replay.generation)
    return await make_live(attempt, log, attempt.replay.generation)


async def make_live(attempt: Attempt, log: ReplayedLog, n: int) -> Result:
    """Catch a generation up with the live one, compare the two at one vector, and swap them."""
    live = await attempt.generations.live()
    if live is not None and live.n == n:  # swapped already, by a replayer that was killed before it could say so
        return dict(attempt.replay.result or uncompared(attempt.settings.judged_by))
    catch_up = CatchUp(attempt, log, n)
    result = uncompared(attempt.settings.judged_by)
    if live is not None and live.mine:
        comparison = attempt.comparison(live.n)
        attempt.recorder.phase("catching up")
        await catch_up.follow(comparison)
        result = await compare_present(attempt, log, comparison, catch_up)
    result |= {"generation": n}
    await attempt.replays.note_result(attempt.replay.id, result)
    if live is not None:
        await require_judged(attempt, live.n, n)
        await require_signed(attempt, live.n, n)
        await require_equal(attempt, result, live.n, n)
    attempt.recorder.phase("swapping")
    await swap(attempt, log, catch_up, n, result)
    return result
