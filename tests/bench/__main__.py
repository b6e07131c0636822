"""`make bench`: measure on engines of its own, and print the table. BENCH_EVENTS says how many events (100,000)."""

import os
import sys
from typing import Final

import uvloop
from rich.console import Console
from tests.bench.bench import measure
from tests.bench.figures import Figure
from tests.bench.table import print_table
from tests.support.engines import shared_engines
from tests.support.session_folder import close_session_folder, open_session_folder

_SINGLES: Final = 500


async def _measured(events: int) -> list[Figure]:
    return await measure(await shared_engines(), events, _SINGLES)


def main() -> int:
    """Returns the exit status: 1 if a process has taken more memory than it may."""
    text = os.environ.get("BENCH_EVENTS", "").strip() or "100000"
    if not text.isdecimal() or int(text) == 0:
        print(f"BENCH_EVENTS={text} is not a number of events", file=sys.stderr)
        return 2
    print(f"measuring with {int(text):,} events: a minute or two …", file=sys.stderr)
    open_session_folder()
    try:
        figures = uvloop.run(_measured(int(text)))
    finally:
        close_session_folder()
    console = Console(highlight=False)
    print_table(figures, int(text), console if console.is_terminal else Console(highlight=False, width=160))
    return int(any(figure.too_large for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
