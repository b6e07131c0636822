"""How much the benchmark does: in short, below five minutes, or in full."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tests.bench.reads.reading_figures import Effort


@dataclass(frozen=True, slots=True)
class Mode:
    """How often it measures, and with how much. Every figure is in both modes."""

    runs: int
    events: int
    singles: int
    side_runs: int  # of replays, which are a part of a round, and of signing, credentials and pages in a browser
    store_events: int  # with which other people's stores are measured
    effort: Effort  # of reads
    filled_per_event: int  # how many times as many events the reads are of
    shown: int  # events of the database whose largest pair, a quarter, is shown beside widgets

    @property
    def filled(self) -> int:
        """Events of the database that reads are measured on."""
        return self.filled_per_event * self.events


SHORT: Final = Mode(3, 10_000, 60, 1, 500, Effort(24, 0.4), 10, 8_000)
FULL: Final = Mode(5, 100_000, 500, 3, 5_000, Effort(200, 4.0), 10, 40_000)


def read_mode(environment: Mapping[str, str]) -> Mode:
    """The mode that FULL and BENCH_EVENTS ask for; raises ValueError, which says what was expected."""
    full = environment.get("FULL", "").strip() or "0"
    if full not in {"0", "1"}:
        raise ValueError(f"FULL={full}: write 1 to measure in full, 0 not to")
    mode = FULL if full == "1" else SHORT
    text = environment.get("BENCH_EVENTS", "").strip() or str(mode.events)
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"BENCH_EVENTS={text} is not a number of events")
    return replace(mode, events=int(text))
