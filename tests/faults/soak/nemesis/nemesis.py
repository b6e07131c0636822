"""The nemesis: it makes a schedule of faults from a seed, carries it out, and sees to it that the arena recovers.

The same seed makes the same schedule, and each strike has a seed of its own, from which it makes all its choices.
"""

import asyncio
import math
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.arena.own_records import note_own_records
from tests.faults.soak.arena.recovery import recover
from tests.faults.soak.nemesis import (
    brokers,
    clock_jumps,
    failover,
    full_disks,
    network,
    operations,
    overload,
    signals,
    strangers,
)
from tests.faults.soak.nemesis.faults import Fault, by_name

FAULTS: Final[Mapping[str, Fault]] = by_name(
    *signals.FAULTS,
    *network.FAULTS,
    *full_disks.FAULTS,
    *clock_jumps.FAULTS,
    *strangers.FAULTS,
    *operations.FAULTS,
    *overload.FAULTS,
    *brokers.FAULTS,
    *failover.FAULTS,
)
LONG: Final = (1.0, 10.0, 40.0, 90.0)
SHORT: Final = (0.3, 1.0, 3.0)
_SHORT_RUN: Final = 600.0
_RECOVERY: Final = 6.0  # what a strike is counted for besides how long it lasts, in seconds
_PAIRED: Final = 0.3


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault, or two that overlap: when in the schedule, how long each, and from which seed they choose."""

    pause: float  # seconds of calm before it
    names: tuple[str, ...]
    seconds: float  # how long each fault lasts
    lag: float  # seconds from the first fault's beginning to the second's
    seed: int

    def __str__(self) -> str:
        words = f"{' + '.join(self.names)} for {self.seconds:g} s"
        return f"{words}, the second after {self.lag:.1f} s" if self.lag else words


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of a strike. `missing` says what did not work in time, and `left_out` why it was not carried out."""

    names: tuple[str, ...]
    started: float  # seconds since the epoch
    healed: float
    seconds: float  # from then on until everything worked
    missing: str = ""
    left_out: str = ""

    @property
    def recovered(self) -> bool:
        """Whether everything worked again in time."""
        return not self.missing


def schedule_of(
    seed: int, seconds: float, *, names: Collection[str] | None = None, durations: Sequence[float] | None = None
) -> list[Strike]:
    """A schedule that takes about so long: each fault once before any comes again, about a third of them in pairs.

    `durations` are what faults may last: up to 90 s in long runs, up to 3 s in those under ten minutes.
    """
    chance = random.Random(seed)
    wanted = sorted(FAULTS if names is None else names)
    if unknown := set(wanted) - set(FAULTS):
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
    lasting = durations or (LONG if seconds >= _SHORT_RUN else SHORT)
    strikes: list[Strike] = []
    deck: list[str] = []
    passed = 0.0
    while passed < seconds:
        deck = deck or chance.sample(wanted, len(wanted))
        drawn = [deck.pop()]
        partners = [name for name in wanted if name != drawn[0] and not FAULTS[name].alone]
        if partners and not FAULTS[drawn[0]].alone and chance.random() < _PAIRED:
            drawn.append(chance.choice(partners))
        most = min(FAULTS[name].longest for name in drawn)
        length = min(chance.choice(lasting), most)
        lag = chance.uniform(0, length) if len(drawn) > 1 else 0.0
        strike = Strike(chance.uniform(0.2, 2) * min(lasting), tuple(drawn), length, lag, chance.getrandbits(32))
        strikes.append(strike)
        passed += strike.pause + strike.lag + strike.seconds + _RECOVERY
    return strikes


async def attack(
    arena: Arena, schedule: Sequence[Strike], note: Callable[[str], None], seconds: float = math.inf
) -> list[Recovery]:
    """Carry a schedule out, one strike after the other, each once the one before it is recovered from, or was not.

    After so many seconds no other strike is begun: on a busy machine everything takes longer than the schedule thinks.
    """
    ends = time.monotonic() + seconds
    recoveries: list[Recovery] = []
    for number, strike in enumerate(schedule, 1):
        if time.monotonic() > ends:
            break
        await asyncio.sleep(strike.pause)
        note(f"strike {number} of {len(schedule)}: {strike}")
        recovery = await _carry_out(arena, strike)
        recoveries.append(recovery)
        note(_words(recovery))
    await note_own_records(arena)
    return recoveries


def left_out(arena: Arena) -> dict[str, str]:
    """The faults that cannot be carried out in an arena, each with the reason."""
    return {name: words for name, fault in FAULTS.items() if (words := fault.lacks(arena))}


async def _carry_out(arena: Arena, strike: Strike) -> Recovery:
    started = time.time()
    if reasons := [f"{name}: {words}" for name in strike.names if (words := FAULTS[name].lacks(arena))]:
        return Recovery(strike.names, started, started, 0, left_out="; ".join(reasons))
    failures: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            for place, name in enumerate(strike.names):
                chance = random.Random(strike.seed + place)
                group.create_task(_inject(arena, FAULTS[name], strike.lag * place, strike.seconds, chance))
    except* Exception as errors:  # the run goes on, and tells of it
        failures = [f"the fault itself failed: {error!r}" for error in errors.exceptions]
    healed = time.time()
    seconds, missing = await recover(arena)
    return Recovery(strike.names, started, healed, seconds, "; ".join([*failures, *([missing] if missing else [])]))


async def _inject(arena: Arena, fault: Fault, lag: float, seconds: float, chance: random.Random) -> None:
    await asyncio.sleep(lag)
    arena.struck.append(fault.name)
    try:
        async with fault.strike(arena, chance):
            await asyncio.sleep(seconds)
    finally:
        arena.struck.remove(fault.name)


def _words(recovery: Recovery) -> str:
    if recovery.left_out:
        return f"left out: {recovery.left_out}"
    if recovery.missing:
        return f"not recovered after {recovery.seconds:.0f} s: {recovery.missing}"
    return f"recovered {recovery.seconds:.1f} s after it was healed"
