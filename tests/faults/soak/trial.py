"""A trial: load and faults for a while in an arena of its own, then the check. All of it is made from one seed."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.faults.soak.arena.arena import Arena, open_arena
from tests.faults.soak.checker.checker import LEVEL_SECONDS, check
from tests.faults.soak.checker.findings import Findings
from tests.faults.soak.checker.resources import measure
from tests.faults.soak.load.load import Load
from tests.faults.soak.nemesis.nemesis import FAULTS, Recovery, attack, schedule_of
from tests.support.running.session_folder import ROOT

_LOOK_SECONDS: Final = 1.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a trial does: so many seconds of faults, of those named or of all that its arena can suffer.

    Where `names` is empty the weather is good. In the end the projection may take `level_seconds` to be level.
    """

    seed: int
    seconds: float
    brokers: int = 1
    standby: bool = False
    names: tuple[str, ...] | None = None
    durations: tuple[float, ...] | None = None
    pace: float = 1.0
    level_seconds: float = LEVEL_SECONDS

    @property
    def arena(self) -> str:
        """The kind of arena, in words."""
        kafka = "one broker" if self.brokers == 1 else f"{self.brokers} brokers"
        return f"{kafka}, PostgreSQL with a standby" if self.standby else kafka


@dataclass(slots=True)
class Outcome:
    """What came of a trial. `acknowledged` are the records of each strike, from its beginning to its recovery."""

    plan: Plan
    findings: Findings
    recoveries: list[Recovery] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "seed": self.plan.seed,
            "arena": self.plan.arena,
            "seconds": round(self.seconds, 1),
            "strikes": [
                {
                    "faults": each.names,
                    "lasted": round(each.healed - each.started, 1),
                    "recovered": round(each.seconds, 1),
                    "missing": each.missing,
                    "left_out": each.left_out,
                    "acknowledged": acknowledged,
                }
                for each, acknowledged in zip(self.recoveries, self.acknowledged, strict=True)
            ],
            **self.findings.told(),
        }


async def carry_out(plan: Plan, folder: Path, say: Say, *, root: Path = ROOT) -> Outcome:
    """Carry a trial out in a folder, with the code of a checkout. The history and all logs stay in the folder."""
    started = time.time()
    async with open_arena(folder, root=root, brokers=plan.brokers, standby=plan.standby) as arena:
        baseline = await measure(arena.pids(), arena.database_url)
        load = Load(arena, plan.seed, pace=plan.pace, history_path=folder / "history.ndjson")
        counts: list[tuple[float, int]] = []
        stop = asyncio.Event()
        loading = asyncio.create_task(load.run(stop))
        counting = asyncio.create_task(_count(load, counts))
        attacking = asyncio.create_task(_attack(arena, plan, say))
        try:
            await asyncio.wait([loading, attacking], return_when=asyncio.FIRST_COMPLETED)
            if loading.done():
                loading.result()  # the load ends by itself only with an error
            recoveries = await attacking
            stop.set()
            await loading
        finally:
            for task in (attacking, loading, counting):
                task.cancel()
            await asyncio.gather(attacking, loading, counting, return_exceptions=True)
        say(f"checking {load.acknowledged} acknowledged records")
        findings = await check(arena, load.history, baseline=baseline, level_seconds=plan.level_seconds)
        _add_what_the_arena_saw(arena, recoveries, findings)
    acknowledged = [_between(counts, each.started, each.healed + each.seconds) for each in recoveries]
    return Outcome(plan, findings, recoveries, acknowledged, time.time() - started)


async def _attack(arena: Arena, plan: Plan, say: Say) -> list[Recovery]:
    names = [name for name, fault in FAULTS.items() if not fault.lacks(arena)] if plan.names is None else plan.names
    if not names:  # good weather
        await asyncio.sleep(plan.seconds)
        return []
    schedule = schedule_of(plan.seed, plan.seconds, names=names, durations=plan.durations)
    return await attack(arena, schedule, say, plan.seconds)


def _add_what_the_arena_saw(arena: Arena, recoveries: list[Recovery], findings: Findings) -> None:
    for recovery in recoveries:
        if not recovery.recovered:
            findings.add("wrong", f"not recovered from {' + '.join(recovery.names)}: {recovery.missing}")
    for end in arena.unexpected_ends:
        findings.add("wrong", f"ended by itself: {end}")
    for violation in arena.violations:
        findings.add("wrong", violation)


async def _count(load: Load, counts: list[tuple[float, int]]) -> None:
    while True:
        counts.append((time.time(), load.acknowledged))
        await asyncio.sleep(_LOOK_SECONDS)


def _between(counts: list[tuple[float, int]], start: float, end: float) -> int:
    """How many more were acknowledged at the end of a span than at its start, as far as the looks tell."""
    before = [count for moment, count in counts if moment <= start]
    after = [count for moment, count in counts if moment <= end + _LOOK_SECONDS]
    return (after[-1] if after else 0) - (before[-1] if before else 0)
