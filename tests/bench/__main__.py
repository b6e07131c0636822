"""`make bench`: measure on engines of its own, print the table, and write STATE_DIR/bench.json.

FULL=1 measures more often and with more; BENCH_EVENTS says how many events.
"""

import os
import sys

import uvloop
from rich.console import Console
from tests.bench.modes import Mode, read_mode
from tests.bench.results import RESULTS, state_folder, write_results
from tests.bench.table import print_conditions, print_table
from tests.bench.whole import measure_all
from tests.support.running.session_folder import close_session_folder, open_session_folder


def main() -> int:
    """Returns the exit status: 1 if a process has taken more memory than it may, 2 for a setting that cannot be."""
    try:
        mode = read_mode(os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"measuring {mode.events:,} events, {mode.runs} times …", file=sys.stderr)
    open_session_folder()
    try:
        found = uvloop.run(measure_all(mode))
    finally:
        close_session_folder()
    path = state_folder() / RESULTS
    write_results(found.figures, path)
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=200)
    print_table(found.figures, _title(mode), console)
    print_conditions(mode.runs, found.notes, console)
    print(f"written to {path}", file=sys.stderr)
    return int(any(figure.too_large for figure in found.figures))


def _title(mode: Mode) -> str:
    return f"Dyadline with {mode.events:,} events, reads of {mode.filled:,}, everything on this machine"


if __name__ == "__main__":
    sys.exit(main())
