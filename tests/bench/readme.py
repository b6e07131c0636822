"""`python -m tests.bench.readme`: put what STATE_DIR has been told into README's table of speed, and growth into ours.

The tables lie between two comments, and are written anew whenever this runs: nothing in them is copied by hand.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.figures import written
from tests.bench.ingest_figures import BULK, MANY
from tests.bench.projection_figures import LEVEL, ROWS
from tests.bench.reads.reading_figures import PAGE
from tests.bench.reads.reading_pages import SUMMARY
from tests.bench.replays.rebuild_figures import REBUILD
from tests.bench.results import CONDITIONS, GROWTH, RESULTS, state_folder
from tests.support.running.session_folder import ROOT

#: The figures, as the benchmark calls them, what README calls them, and what is to be reached: at least, or at most.
_TARGETS: Final[Sequence[tuple[str, str, str]]] = (
    (BULK, "bulk ingest", "≥ 33,000 /s, ≤ 24 µs"),
    ("ingest, peak resident memory", "… its memory", "≤ 150 MB"),
    ("import of CSV by a mapping", "import of CSV", ""),
    ("import of GDELT", "import of GDELT", ""),
    (ROWS, "projection of rows, in events", "≥ 25,000 /s, ≤ 25 µs"),
    ("projection, in rows", "… in rows", ""),
    (LEVEL, "… until search is level", "≥ 12,000 /s"),
    (REBUILD, "rebuild: tables and indexes stand", "≥ 22,000 /s"),
    ("rebuild until it is compared and live", "… compared and live", "≥ 16,000 /s"),
    ("verification, on half the cores", "verification, on half the cores", "≥ 16,000 /s, ≤ 40 µs"),
    (MANY, "single posts, 32 clients, one process", "≥ 3,000 /s"),
    ("pages of 50, 16 clients, one process", "pages of 50, 16 clients, one process", "≥ 800 /s"),
    (f"{PAGE}, p50", "a page of 50, alone", "≤ 1.3 ms"),
    ("timeline, a common tag, p50", "a page of a common tag", "≤ 8 ms"),
    ("timeline, a common word, p50", "a page of a common word", "≤ 8 ms"),
    (f"{SUMMARY.name}, p50", "summary of a pair", "≤ 40 ms"),
)


def speed_table(results: Sequence[Mapping[str, Any]], conditions: str) -> str:
    """The table in Markdown; raises ValueError for a figure that has not been measured."""
    by_name = {result["name"]: result for result in results}
    if missing := [name for name, _, _ in _TARGETS if name not in by_name]:
        raise ValueError(f"these figures have not been measured: {', '.join(missing)}")
    lines = [
        "| figure | measured | CPU each | of its floor | to reach | peers in the same run |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, called, target in _TARGETS:
        result = by_name[name]
        cpu = f"{result['cpu_us']:.0f} µs" if result["cpu_us"] else ""
        ratio = f"{result['ratio']:.2f}" if result["ratio"] is not None else ""
        value = written(result["value"], result["unit"])
        lines.append(f"| {called} | {value} | {cpu} | {ratio} | {target} | {_peers(result)} |")
    return "\n".join([*lines, "", conditions])


def _peers(result: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{peer['name']}: {written(peer['value'], result['unit'])}" for peer in result["peers"] if peer["measured_here"]
    )


def with_table(page: str, name: str, table: str) -> str:
    """A page with the table in the place of that name; raises ValueError if it has none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    between = re.compile(f"{begin}\n.*?{end}", re.DOTALL)
    if not between.search(page):
        raise ValueError(f"there is no line {begin} with a line {end} behind it")
    return between.sub(lambda _: f"{begin}\n{table}\n{end}", page, count=1)


def main() -> int:
    """Returns the exit status: 1 if a table has no place."""
    folder = state_folder()
    try:
        if (folder / RESULTS).exists():
            results = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
            _put(
                ROOT / "README.md",
                "speed",
                speed_table(results, (folder / CONDITIONS).read_text(encoding="utf-8").strip()),
            )
        if (folder / GROWTH).exists():
            _put(Path(__file__).parent / "README.md", "growth", (folder / GROWTH).read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _put(path: Path, name: str, table: str) -> None:
    path.write_text(with_table(path.read_text(encoding="utf-8"), name, table), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
