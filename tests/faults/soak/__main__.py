"""`make soak`: trials one after the other until the time is over, each from a seed that repeats it.

python -m tests.faults.soak --minutes 60 --seed 1
python -m tests.faults.soak --seed 7 --minutes 10 --brokers 3 --fault "lose two brokers of three"
python -m tests.faults.soak --planted
"""

import argparse
import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any, Final

from tests.faults.soak.nemesis.nemesis import FAULTS
from tests.faults.soak.planted_bugs import BUGS, find
from tests.faults.soak.report import write_findings, write_table
from tests.faults.soak.trial import Plan, carry_out
from tests.support.running.session_folder import ROOT

_TRIAL_MINUTES: Final = 10.0
#: Every third trial has three brokers, and every third a standby.
_ARENAS: Final[tuple[dict[str, Any], ...]] = ({}, {"brokers": 3}, {"standby": True})


def main() -> int:
    """Run trials; returns 0 where nothing was found."""
    given = read_arguments(sys.argv[1:])
    folder = ROOT / ".local" / "soak" / time.strftime("%Y-%m-%d-%H%M%S")
    folder.mkdir(parents=True)
    _say(f"what was done and told lies in {folder.relative_to(ROOT)}")
    if given.planted:
        return asyncio.run(_find_planted(folder, given.planted))
    return asyncio.run(_soak(given, folder))


async def _soak(given: argparse.Namespace, folder: Path) -> int:
    ends = time.monotonic() + 60 * given.minutes
    trials: list[dict[str, Any]] = []
    seed = given.seed if given.seed is not None else random.SystemRandom().getrandbits(32)
    number = 0
    while (left := ends - time.monotonic()) > 0 and (not trials or left > 60):
        plan = plan_of(given, seed, number, min(left, 60 * _TRIAL_MINUTES))
        _say(f"trial {number + 1}: seed {plan.seed}, {plan.arena}, {plan.seconds / 60:.1f} minutes of faults")
        outcome = await carry_out(plan, folder / f"trial-{plan.seed}", _say)
        trials.append(outcome.told())
        with (folder / "trials.ndjson").open("a") as file:
            file.write(json.dumps(trials[-1]) + "\n")
        _say(f"trial {number + 1}: {outcome.findings}")
        number += 1
    print("\n" + write_table(trials))
    if found := write_findings(trials):
        print("\n" + found)
    return 1 if found else 0


def plan_of(given: argparse.Namespace, seed: int, number: int, seconds: float) -> Plan:
    """The plan of a trial by its number, from 0 on: in the arena that was asked for, or in each kind in turn."""
    wanted = {"brokers": given.brokers or 1, "standby": given.standby}
    arena = wanted if given.brokers is not None or given.standby else _ARENAS[number % len(_ARENAS)]
    return Plan(seed + number, seconds, names=tuple(given.fault) or None, pace=given.pace, **arena)


async def _find_planted(folder: Path, wanted: str) -> int:
    missed = []
    for bug in BUGS:
        if wanted in ("all", bug.name):
            found, seconds, first = await find(bug, folder / bug.name.replace(" ", "-"), _say)
            _say(f"{bug.name}: {f'found after {seconds:.0f} s: {first}' if found else f'MISSED in {seconds:.0f} s'}")
            missed += [] if found else [bug.name]
    return 1 if missed else 0


def read_arguments(words: list[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long in all")
    parser.add_argument("--seed", type=int, help="of the first trial; the next have the numbers after it")
    parser.add_argument("--brokers", type=int, choices=(1, 3), help="instead of one after the other")
    parser.add_argument("--standby", action="store_true", help="a PostgreSQL that can fail over")
    parser.add_argument(
        "--fault", action="append", default=[], choices=sorted(FAULTS), help="only this one; repeatable"
    )
    parser.add_argument("--pace", type=float, default=1.0, help="how much load, 1 being what two cores can bear")
    parser.add_argument("--planted", nargs="?", const="all", help="have it find the planted bugs, or one, by name")
    return parser.parse_args(words)


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
