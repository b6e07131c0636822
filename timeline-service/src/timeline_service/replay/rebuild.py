"""Rebuild: a new generation from the log, beside the live one, and the swap that readers do not notice.

Every step can be done again: a replayer that was killed goes on with what is there.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import structlog

from service_edge.topic_check import Topic
from timeline_service.adapters.postgres.comparison import PostgresComparison
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.code_version import code_version
from timeline_service.domain.replays import offsets_view
from timeline_service.domain.vectors import Vector
from timeline_service.errors import HaltError, LockedError, StuckError, UnavailableError
from timeline_service.judge.breaker import nearly_all
from timeline_service.replay.loading.workers import Workers, cores, start_workers
from timeline_service.replay.scratch import scratch_tables
from timeline_service.replay.steps.catch_up import CatchUp
from timeline_service.replay.task import Task
from timeline_service.replay.verification import RedrivenError, compare, wait_for

_LOG: Final = structlog.get_logger()
_NEAR: Final = 1_000
_SWAP_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.1
_HANDOVER_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 1.0
_ATTEMPTS: Final = 3


async def rebuild(task: Task) -> dict[str, Any]:
    """Make a new generation and, unless it is one of the past, the live one. Returns the result."""
    topic = await task.topic()
    async with start_workers(task.settings, cores(topic.partitions)) as workers:  # they get ready meanwhile
        await task.require_same_log(topic)
        ends = await task.ends(topic)
        n, until = await _generation(task, await task.until(topic, ends))
        unfilled = n in await task.generations.unfinished()  # else it is live already
        if unfilled:
            await _load(task, workers, topic, n, until or ends)
    if unfilled:
        await _index(task, n)
    if until is None:
        return await level_and_swap(task, topic, n)
    result = await _compare_past(task, topic, n, until)
    await task.generations.finish(n)
    return result | {"generation": n}


async def activate(task: Task) -> dict[str, Any]:
    """Make a generation the live one that was so before. Returns the result."""
    topic = await task.topic()
    await task.require_same_log(topic)
    await task.ends(topic)
    return await level_and_swap(task, topic, task.row["generation"])


async def abandon(task: Task) -> None:
    """Drop the generation that a rebuild has not finished."""
    n: int | None = task.row["generation"]
    if task.row["kind"] == "rebuild" and n is not None and n in await task.generations.unfinished():
        await task.generations.drop(n)


async def level_and_swap(task: Task, topic: Topic, n: int) -> dict[str, Any]:
    """Catch a generation up with the live one, compare the two at one vector, and swap them."""
    live = await task.generations.live()
    if live is not None and live.n == n:  # swapped already, by a replayer that was killed before it could say so
        return dict(task.row["result"] or _uncompared())
    catch_up = CatchUp(task, topic, n)
    if live is not None and live.mine:
        comparison = PostgresComparison(task.url, generation_schema(live.n), task.scratch)
        task.recorder.phase("catching up")
        await _catch_up(task, comparison, catch_up, generation_schema(n), topic)
        result = await _compare_live(task, comparison, catch_up, generation_schema(n), topic)
    else:
        result = _uncompared()
    result |= {"generation": n}
    await task.replays.note_result(task.id, result)
    if live is not None:
        await _require_judged(task, live.n, n)
        await _require_equal(task, result, live.n, n)
    task.recorder.phase("swapping")
    await _swap(task, topic, catch_up, n, result)
    return result


async def _require_judged(task: Task, live: int, n: int) -> None:
    """Raises HaltError where nearly nothing of what the live projection does not have could be judged.

    The projector stops before such records, and a rebuild must not show a projection that went on without them.
    """
    shown = await task.generations.counts(live)
    for partition, (records, parked) in (await task.generations.counts(n)).items():
        shown_records, shown_parked = shown.get(partition, (0, 0))
        more = parked - shown_parked
        if nearly_all(more, records - shown_records):
            raise HaltError(
                f"partition {partition} would have {more} more records parked than the live projection, nearly all "
                "that this code has judged besides: update or mend it, and rebuild again"
            )


async def _require_equal(task: Task, result: Mapping[str, Any], live: int, n: int) -> None:
    """Raises HaltError where an older generation is not what the same code makes of the log."""
    if task.row["kind"] == "activate" and result["equal"] is False:
        made_by = {row["n"]: row["code_version"] for row in await task.generations.ready()}
        if made_by.get(n) == made_by.get(live):
            raise HaltError(
                f"generation {n} differs from the live one, though the same code has made both: somebody has changed "
                "one of them. In the differences, `log` is what it holds. Verify the live one, or rebuild"
            )


async def _generation(task: Task, until: Vector | None) -> tuple[int, Vector | None]:
    """The generation to fill, and where it ends: the one that was begun, if this code has begun it, else a new one."""
    n: int | None = task.row["generation"]
    if n is not None and (begun := await task.generations.begun(n)) is not None:
        return n, begun.until
    if n is not None:
        await task.generations.drop(n)
    n = await task.generations.create(until, task.id)
    task.row = {**task.row, "generation": n}
    return n, until


async def _load(task: Task, workers: Workers, topic: Topic, n: int, ends: Vector) -> None:
    task.recorder.phase("loading")
    await task.load(workers, generation_schema(n), topic, ends, await task.generations.loaded(n))


async def _index(task: Task, n: int) -> None:
    async for index in task.generations.indexes(n):
        task.recorder.phase(f"indexing: {index}")


async def _catch_up(task: Task, comparison: PostgresComparison, catch_up: CatchUp, schema: str, topic: Topic) -> None:
    """Follow the live projection in ever shorter steps, until it is near, or most of a step is to begin it."""
    behind = math.inf
    while behind >= _NEAR:
        before = behind
        reached, _ = await comparison.vectors(schema, topic.partitions)
        goal = await comparison.reach(topic.partitions)
        await catch_up.up_to(tuple(map(max, reached, map(min, goal, await task.ends(topic)))))
        now = await comparison.reach(topic.partitions)
        behind = sum(max(0, at - was) for at, was in zip(now, goal, strict=True))
        if behind > 0.8 * before:
            return


async def _compare_live(
    task: Task, comparison: PostgresComparison, catch_up: CatchUp, schema: str, topic: Topic
) -> dict[str, Any]:
    """Compare with the live projection, at the vector at which that is found."""
    for _ in range(_ATTEMPTS):
        async with scratch_tables(task.pool, task.scratch):
            task.recorder.phase("digesting the live tables")
            snapshot = await comparison.snapshot(topic, code_version(), partial(task.ends, topic))
            mine, _ = await comparison.vectors(schema, topic.partitions)
            if any(at > live for at, live in zip(mine, snapshot.vector, strict=True)):
                # The live projection stands behind the log: what both hold is compared as it was then.
                both = tuple(map(min, mine, snapshot.vector))
                snapshot = await comparison.snapshot(topic, code_version(), partial(task.ends, topic), both)
            else:
                await catch_up.up_to(tuple(map(min, snapshot.vector, await task.ends(topic))))
            task.recorder.phase("comparing")
            try:
                return await compare(comparison, schema, snapshot)
            except RedrivenError:
                continue
    raise HaltError("parked records are judged again all the time: rebuild when that has come to an end")


async def _compare_past(task: Task, topic: Topic, n: int, until: Vector) -> dict[str, Any]:
    """Compare with the live projection as it was at a vector, if it has got so far."""
    live = await task.generations.live()
    if live is None or not live.mine:
        return _uncompared()
    comparison = PostgresComparison(task.url, generation_schema(live.n), task.scratch)
    task.recorder.phase("waiting for the live projection")
    try:
        await wait_for(comparison, generation_schema(live.n), until)
    except HaltError:
        return _uncompared() | {"next_offsets": offsets_view(until)}
    task.recorder.phase("comparing")
    for _ in range(_ATTEMPTS):
        snapshot = await comparison.snapshot(topic, code_version(), partial(task.ends, topic), until)
        try:
            return await compare(comparison, generation_schema(n), snapshot)
        except RedrivenError:
            continue
    raise HaltError("parked records are judged again all the time: rebuild when that has come to an end")


async def _swap(task: Task, topic: Topic, catch_up: CatchUp, n: int, result: Mapping[str, Any]) -> None:
    """Move the pointer as soon as the generation is level, and project it until the projectors have noticed."""
    deadline = time.monotonic() + _SWAP_SECONDS
    async with catch_up.tail() as following:
        while (hindrance := await try_to_swap(task, topic, catch_up, n)) is not None:
            if following.done():
                following.result()
                raise StuckError(f"another projector has taken over generation {n} before it was live")
            if time.monotonic() > deadline:
                raise hindrance
            await asyncio.sleep(_PAUSE_SECONDS)
        _LOG.info("swapped", generation=n)
        await task.finish(result)
        await _hand_over(task, following)


async def _hand_over(task: Task, following: "asyncio.Task[None]") -> None:
    """Go on projecting until a projector takes over, which may be of a release that is yet to be started."""
    deadline = time.monotonic() + _HANDOVER_SECONDS
    while not following.done() and time.monotonic() < deadline:
        if any(row["kind"] != "verify" for row in await task.replays.open()):
            return  # somebody waits for us
        await asyncio.wait([following], timeout=_LOOK_SECONDS)


async def try_to_swap(task: Task, topic: Topic, catch_up: CatchUp, n: int) -> UnavailableError | None:
    """Why it could not be swapped; None if it was."""
    try:
        await catch_up.feed_some()
        live = await task.generations.reach()
        ends = await task.ends(topic)  # asked for afterwards: a checkpoint beyond them is nothing to wait for
        beyond = {p for p, offset in live.items() if p >= len(ends) or offset > ends[p]}
        if await task.generations.swap(n, beyond):
            return None
        await _require_going_on(task, live, n)
        return StuckError("the live projection could not be reached")
    except LockedError as error:
        hindrance: UnavailableError = StuckError(str(error))
    except UnavailableError as error:
        hindrance = error
    _LOG.info("not swapped yet", reason=str(hindrance))
    return hindrance


async def _require_going_on(task: Task, live: Mapping[int, int], n: int) -> None:
    """Raises HaltError where a generation is stopped before the live one, which it then never reaches."""
    for partition, (offset, reason) in (await task.generations.stopped(n)).items():
        if live.get(partition, 0) > offset:
            raise HaltError(
                f"partition {partition} of generation {n} is stopped at {offset}, before which the live projection "
                f"has gone on: {reason}"
            )


def _uncompared() -> dict[str, Any]:
    """The result where there is nothing that this code could compare with."""
    nothing: dict[str, Any] = dict.fromkeys(("equal", "digest", "log_digest", "rows", "next_offsets"))
    return nothing | {"tables": [], "differences": [], "code_version": code_version()}
