"""`make bench`: measure on engines of its own, and print the table. BENCH_EVENTS says how many events (100,000).

Reads are measured on ten times as many, and on a tenth.
"""

import os
import sys
from typing import Final

import uvloop
from rich.console import Console
from tests.bench.bench import measure
from tests.bench.figures import Figure, Reading
from tests.bench.filled_service import filled_service
from tests.bench.page_figures import measure_pages
from tests.bench.page_visits import Visit
from tests.bench.reading_figures import measure_reads
from tests.bench.signing_figures import measure_signing
from tests.bench.table import print_conditions, print_readings, print_table, print_visits
from tests.support.clients.browsers import CHROMIUM
from tests.support.running.engines import shared_engines
from tests.support.running.session_folder import close_session_folder, open_session_folder

_SINGLES: Final = 500
_READS: Final = 200
#: Of which the largest pair, whose page is shown beside other people's widgets, has a quarter.
_SHOWN: Final = 40_000


async def _measured(events: int) -> tuple[list[Figure], list[Reading], list[Visit]]:
    engines = await shared_engines()
    figures = await measure(engines, events, _SINGLES)
    signing = await measure_signing(engines, max(1_000, events // 5), _SINGLES)
    async with filled_service(engines, _small(events)) as few, filled_service(engines, 10 * events) as many:
        readings, more = await measure_reads(few, many, _READS)
        async with filled_service(engines, _SHOWN) as shown:
            visits = await measure_pages(shown, many) if CHROMIUM is not None else []
    return [*figures, *signing, *more], readings, visits


def _small(events: int) -> int:
    return max(1_000, events // 10)


def main() -> int:
    """Returns the exit status: 1 if a process has taken more memory than it may."""
    text = os.environ.get("BENCH_EVENTS", "").strip() or "100000"
    if not text.isdecimal() or int(text) == 0:
        print(f"BENCH_EVENTS={text} is not a number of events", file=sys.stderr)
        return 2
    print(f"measuring with {int(text):,} events: some minutes …", file=sys.stderr)
    open_session_folder()
    try:
        figures, readings, visits = uvloop.run(_measured(int(text)))
    finally:
        close_session_folder()
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=160)
    print_table(figures, int(text), console)
    print_readings(readings, 10 * int(text), _small(int(text)), console)
    print_visits(visits, console)
    print_conditions(console)
    return int(any(figure.too_large for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
