"""What reads cost: pages of 50 of a pair that has a quarter of all events, which SQL has filled in."""

import statistics
from typing import Final

from tests.bench.growth.points import Point
from tests.bench.memory import peak_bytes
from tests.bench.reads.filled_service import filled_service
from tests.bench.reads.reading_figures import Effort, take
from tests.bench.reads.reading_pages import SUMMARY, reads
from tests.support.running.engines import Engines

_EFFORT: Final = Effort(200, 3.0)
_ASKED: Final = (
    "timeline, page first", "timeline, page in the middle", "timeline, page last",
    "timeline, one type, first and middle", "timeline, a rare tag, actor or word", "timeline, a common tag",
    "timeline, a common word", SUMMARY.name,
)  # fmt: skip


async def measure_pages(engines: Engines, count: int, effort: Effort = _EFFORT) -> list[Point]:
    """Medians of some reads of so many events."""
    async with filled_service(engines, count) as filled:
        points = [
            Point(f"{read.name}, p50", "ms", count, statistics.median(await take(filled, read, effort)), "filled")
            for read in (*reads(), SUMMARY)
            if read.name in _ASKED
        ]
        assert filled.service.pid is not None
        held = peak_bytes(filled.service.pid) / 1e6
    return [*points, Point("timeline, peak resident memory", "MB", count, held, "filled")]
