"""`make bench`: measure on engines of its own, print the table, and write STATE_DIR/bench.json.

FULL=1 measures more often and with more; BENCH_EVENTS says how many events.
"""

import os
import sys

import uvloop
from rich.console import Console
from tests.bench.conditions import conditions_of
from tests.bench.modes import read_mode
from tests.bench.results import CONDITIONS, RESULTS, state_folder, write_results
from tests.bench.table import print_notes, print_table
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
    folder, conditions = state_folder(), conditions_of(mode)
    write_results(found.figures, folder / RESULTS)
    (folder / CONDITIONS).write_text(f"{conditions}\n", encoding="utf-8")
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=200)
    print_table(found.figures, "Dyadline, everything on this machine", console)
    print_notes(conditions, found.notes, console)
    print(f"written to {folder / RESULTS}", file=sys.stderr)
    return int(any(figure.too_large for figure in found.figures))


if __name__ == "__main__":
    sys.exit(main())
