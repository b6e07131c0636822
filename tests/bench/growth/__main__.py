"""`make growth`: measure how cost grows with the number of events, and write it down in STATE_DIR.

`python -m tests.bench.growth [--only loads|replays|pages] [EVENTS …]`; without numbers 10,000, 100,000 and 1,000,000.
What is measured is added to STATE_DIR/growth.json; growth.md and growth.svg are made of all that is in it. A million
events take 6 GB of temporary files. Ten million are for `--only pages`: all else of them takes hours.
"""

import argparse
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import uvloop
from tests.bench.growth.loads import measure_loads
from tests.bench.growth.pages import measure_pages
from tests.bench.growth.plots import growth_plots
from tests.bench.growth.points import Point, keep_points
from tests.bench.growth.replays import measure_replays
from tests.bench.growth.report import growth_table
from tests.bench.results import GROWTH, state_folder
from tests.support.running.engines import Engines, shared_engines
from tests.support.running.session_folder import close_session_folder, open_session_folder

_SIZES: Final = (10_000, 100_000, 1_000_000)
_PARTS: Final[dict[str, Callable[[Engines, int], Awaitable[list[Point]]]]] = {
    "loads": measure_loads,
    "replays": measure_replays,
    "pages": measure_pages,
}


async def _measure(part: str, size: int) -> list[Point]:
    print(f"{part} with {size:,} events …", file=sys.stderr, flush=True)
    return await _PARTS[part](await shared_engines(), size)


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description="How cost grows with events.")
    parser.add_argument("--only", choices=list(_PARTS), help="measure this alone")
    parser.add_argument("sizes", nargs="*", type=_size, default=list(_SIZES), metavar="EVENTS")
    asked = parser.parse_args()
    folder = state_folder()
    points: list[Point] = []
    for size in asked.sizes:
        for part in [asked.only] if asked.only else list(_PARTS):
            open_session_folder()  # engines of their own for each: what is left of one is no load for the next
            try:
                points = keep_points(folder / "growth.json", uvloop.run(_measure(part, size)))
            finally:
                close_session_folder()
    table = growth_table(points)
    (folder / GROWTH).write_text(table, encoding="utf-8")
    (folder / "growth.svg").write_text(growth_plots(points), encoding="utf-8")
    print(table)
    return 0


def _size(text: str) -> int:
    count = text.replace(",", "").replace("_", "")
    if not count.isdecimal() or int(count) < 1_000:
        raise argparse.ArgumentTypeError(f"{text} is not a number of events: write 1000 or more")
    return int(count)


if __name__ == "__main__":
    sys.exit(main())
