"""The table of what trials have shown: faults by runs, records acknowledged, lost, twice, wrong, and recovery."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(slots=True)
class _Row:
    runs: int = 0
    acknowledged: int = 0
    recovered: list[float] = field(default_factory=list)
    seeds: set[int] = field(default_factory=set)
    lost: int = 0
    twice: int = 0
    wrong: int = 0


def write_table(trials: Sequence[Mapping[str, Any]]) -> str:
    """Trials, as `Outcome.told` tells them, as a table in Markdown, with a row for each fault and a sum.

    What a trial has found counts against every fault that it held.
    """
    rows: dict[str, _Row] = {}
    for trial in trials:
        for name in sorted({name for strike in trial["strikes"] for name in strike["faults"]}):
            row = rows.setdefault(name, _Row())
            row.seeds.add(trial["seed"])
            for kind in ("lost", "twice", "wrong"):
                setattr(row, kind, getattr(row, kind) + trial["counts"][kind])
        for strike in trial["strikes"]:
            for name in strike["faults"] if not strike["left_out"] else ():
                rows[name].runs += 1
                rows[name].acknowledged += strike["acknowledged"]
                rows[name].recovered.append(strike["recovered"])
    lines = [
        "| fault | runs | acknowledged meanwhile | lost | twice | wrong | recovered after (median, most) |",
        "|---|---|---|---|---|---|---|",
        *(_line(name, row) for name, row in sorted(rows.items()) if row.runs),
    ]
    counts = {kind: sum(trial["counts"][kind] for trial in trials) for kind in ("lost", "twice", "wrong")}
    lines.append(
        f"| **all** | {sum(len(trial['strikes']) for trial in trials)} strikes | "
        f"{sum(trial['acknowledged'] for trial in trials)} in all | {counts['lost']} | {counts['twice']} | "
        f"{counts['wrong']} | {sum(trial['seconds'] for trial in trials) / 60:.0f} min in {len(trials)} trials |"
    )
    seeds = ", ".join(f"{trial['seed']} ({trial['arena']})" for trial in trials)
    return "\n".join([*lines, "", f"Seeds: {seeds}."])


def write_findings(trials: Iterable[Mapping[str, Any]]) -> str:
    """What was found, a line for each sentence."""
    return "\n".join(
        f"seed {trial['seed']}: {kind}: {sentence}"
        for trial in trials
        for kind in ("lost", "twice", "wrong")
        for sentence in trial[kind]
    )


def _line(name: str, row: _Row) -> str:
    times = f"{median(row.recovered):.1f} s, {max(row.recovered):.1f} s"
    return f"| {name} | {row.runs} | {row.acknowledged} | {row.lost} | {row.twice} | {row.wrong} | {times} |"
