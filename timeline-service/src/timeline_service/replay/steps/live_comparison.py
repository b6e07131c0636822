"""Compare a new generation with the live one: at one vector of the present, or at the one where it ends for ever."""

from timeline_service.adapters.postgres.comparison import PostgresComparison
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.domain.replays import offsets_view
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import HaltError
from timeline_service.replay.attempt import Attempt, Result
from timeline_service.replay.log import ReplayedLog
from timeline_service.replay.steps.catch_up import CatchUp
from timeline_service.replay.steps.comparison import compare, uncompared, undisturbed, wait_for


async def compare_present(
    attempt: Attempt, log: ReplayedLog, comparison: PostgresComparison, catch_up: CatchUp
) -> Result:
    """Compare with the live projection, at the vector at which that is found."""

    judged_by = attempt.settings.judged_by

    async def compare_once() -> Result:
        async with attempt.scratch.tables(attempt.schema):
            attempt.recorder.phase("digesting the live tables")
            snapshot = await comparison.snapshot(log.topic, judged_by, log.ends)
            mine = await comparison.vector(catch_up.schema, log.topic.partitions)
            if any(at > live for at, live in zip(mine, snapshot.vector, strict=True)):
                # The live projection stands behind the log: what both hold is compared as it was then.
                both = tuple(map(min, mine, snapshot.vector))
                snapshot = await comparison.snapshot(log.topic, judged_by, log.ends, both)
            else:
                await catch_up.up_to(tuple(map(min, snapshot.vector, await log.ends())))
            attempt.recorder.phase("comparing")
            return await compare(comparison, catch_up.schema, snapshot, judged_by)

    return await undisturbed(compare_once, "rebuild")


async def compare_past(attempt: Attempt, log: ReplayedLog, schema: str, until: OffsetVector) -> Result:
    """Compare with the live projection as it was at a vector, if it has got so far."""
    judged_by = attempt.settings.judged_by
    live = await attempt.generations.live()
    if live is None or not live.mine:
        return uncompared(judged_by)
    comparison = attempt.comparison(live.n)
    attempt.recorder.phase("waiting for the live projection")
    try:
        await wait_for(comparison, generation_schema(live.n), until)
    except HaltError:
        return uncompared(judged_by) | {"next_offsets": offsets_view(until)}
    attempt.recorder.phase("comparing")

    async def compare_once() -> Result:
        snapshot = await comparison.snapshot(log.topic, judged_by, log.ends, until)
        return await compare(comparison, schema, snapshot, judged_by)

    return await undisturbed(compare_once, "rebuild")
