"""`python -m tests.bench.readme`: put the figures of STATE_DIR/bench.json into README's table of speed.

The table lies between two comments, and is written anew whenever this runs: nothing in it is copied by hand.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil
from tests.bench.figures import written
from tests.bench.results import RESULTS, state_folder
from tests.support.running.session_folder import ROOT

_BEGIN, _END = "<!-- speed: begin -->", "<!-- speed: end -->"
#: The figures, as the benchmark calls them, what README calls them, and what is to be reached: at least, or at most.
_TARGETS: Final[Sequence[tuple[str, str, str]]] = (
    ("bulk ingest, one NDJSON request, checked and acknowledged", "bulk ingest", "≥ 33,000 /s, ≤ 24 µs"),
    ("ingest, peak resident memory", "… its memory", "≤ 150 MB"),
    ("import of CSV by a mapping", "import of CSV", ""),
    ("import of GDELT, rows kept apart", "import of GDELT", ""),
    ("projection of rows, exactly once, one process", "projection of rows, in events", "≥ 25,000 /s, ≤ 25 µs"),
    ("projection, in rows", "… in rows", ""),
    ("projection until search is level", "… until search is level", "≥ 12,000 /s"),
    ("rebuild until tables and indexes stand", "rebuild: tables and indexes stand", "≥ 22,000 /s"),
    ("rebuild until it is compared and live", "… compared and live", "≥ 16,000 /s"),
    ("verification, on half the cores", "verification, on half the cores", "≥ 16,000 /s, ≤ 40 µs"),
    ("single posts, 32 clients", "single posts, 32 clients, one process", "≥ 3,000 /s"),
    ("pages of 50, 16 clients, one process", "pages of 50, 16 clients, one process", "≥ 800 /s"),
    ("timeline, page first, p50", "a page of 50, alone", "≤ 1.3 ms"),
    ("timeline, a common tag, p50", "a page of a common tag", "≤ 8 ms"),
    ("timeline, a common word, p50", "a page of a common word", "≤ 8 ms"),
    ("summary of the pair, p50", "summary of a pair", "≤ 40 ms"),
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


def with_table(page: str, table: str) -> str:
    """A page with the table in its place; raises ValueError if it has none."""
    between = re.compile(f"{re.escape(_BEGIN)}\n.*?{re.escape(_END)}", re.DOTALL)
    if not between.search(page):
        raise ValueError(f"there is no line {_BEGIN} with a {_END} behind it")
    return between.sub(lambda _: f"{_BEGIN}\n{table}\n{_END}", page, count=1)


def main() -> int:
    """Returns the exit status: 1 where there is nothing to write, or no place for it."""
    path, readme = state_folder() / RESULTS, ROOT / "README.md"
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        page = with_table(readme.read_text(encoding="utf-8"), speed_table(results, _conditions(path)))
    except (OSError, ValueError) as error:
        print(f"README keeps its table: {error}", file=sys.stderr)
        return 1
    readme.write_text(page, encoding="utf-8")
    return 0


def _conditions(path: Path) -> str:
    """When and on what the results were measured: this machine, when the file was written."""
    day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    memory = psutil.virtual_memory().total / 2**30
    return f"Measured on {day} on {psutil.cpu_count()} cores{_model()} with {memory:.0f} GiB, which the engines share."


def _model() -> str:
    cpu = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", cpu.read_text(), re.MULTILINE) if cpu.exists() else None
    return f" ({found[1]})" if found else ""


if __name__ == "__main__":
    sys.exit(main())
