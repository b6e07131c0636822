"""Verify: the log folded into a shadow, and every table of the live projection held against it.

This is the plan; each of its steps is a module of `steps`. Another attempt begins at the top: of a shadow nothing is
kept.
"""

from functools import partial

from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.code_version import key_words, keys_of
from timeline_service.errors import HaltError
from timeline_service.replay.attempt import Attempt, Result
from timeline_service.replay.loading.workers import cores, start_workers
from timeline_service.replay.log import trusted_log
from timeline_service.replay.steps.comparison import compare, undisturbed, wait_for
from timeline_service.replay.steps.loading import load


async def verify(attempt: Attempt) -> Result:
    """The result of a verification. Raises HaltError where the log cannot be replayed."""
    live = await attempt.generations.live()
    if live is None or not live.mine:
        raise HaltError("the live generation was made by code of another shape: rebuild it with this code first")
    if live.keys != (mine := keys_of(attempt.settings.judged_by)):
        raise HaltError(
            f"the live generation was judged by {key_words(live.keys)}, and this replayer judges by {key_words(mine)}: "
            "rebuild it, which says what these make different, or give this one the keys of before"
        )
    return await undisturbed(partial(_verify, attempt, live.n), "verify")


async def _verify(attempt: Attempt, live: int) -> Result:
    log = await trusted_log(attempt.settings)
    until = await log.vector_of(attempt.replay.until, await log.ends())
    comparison, recorder = attempt.comparison(live), attempt.recorder
    if until is not None:
        recorder.phase("waiting for the live projection")
        await wait_for(comparison, generation_schema(live), until)
    async with attempt.scratch.tables(attempt.schema):
        recorder.phase("digesting the live tables")
        snapshot = await comparison.snapshot(log.topic, attempt.settings.judged_by, log.ends, until)
        if snapshot.parked_elsewhere:
            raise HaltError(
                f"{snapshot.parked_elsewhere} records are parked by others than this replayer, "
                f"{attempt.settings.judged_by}: let a projector of the same release judge them first"
            )
        recorder.phase("folding the log")
        goal = tuple(map(min, snapshot.vector, await log.ends()))  # the projection may have read on
        async with start_workers(attempt.settings, max(1, cores(2 * len(goal)) // 2)) as workers:
            await load(attempt, workers, log, attempt.schema, goal, {})
        recorder.phase("comparing")
        return await compare(comparison, attempt.schema, snapshot, attempt.settings.judged_by)
