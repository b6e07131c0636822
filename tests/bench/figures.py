"""What the benchmark finds: each figure beside its floor, which the same run has measured, and beside its peers."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["/s", "ms", "MB"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. The floor is the least that the work could cost; for memory it is the most that it may take."""

    name: str
    value: float
    floor: float
    floor_name: str
    unit: Unit
    peers: tuple[str, ...] = ()
    cpu_seconds: float = 0.0  # of our process for each event: what stays the same on a busy machine

    @property
    def ratio(self) -> float:
        """The figure as a part, or a multiple, of its floor."""
        return self.value / self.floor

    @property
    def too_large(self) -> bool:
        """Whether it is memory, and more than may be."""
        return self.unit == "MB" and self.value >= self.floor


def written(value: float, unit: Unit) -> str:
    """A figure as people read it."""
    if unit == "/s":
        return f"{value:,.0f} /s"
    return f"{value:.2f} ms" if unit == "ms" else f"{value:.0f} MB"


@dataclass(frozen=True, slots=True)
class Reading:
    """Milliseconds that a read took, those of its floor, and its median where there is a hundredth of the events."""

    name: str
    taken: tuple[float, ...]
    floor: float
    floor_name: str
    small: float

    @property
    def ratio(self) -> float:
        """The median as a multiple of the floor."""
        return self.at(50) / self.floor

    def at(self, percent: int) -> float:
        """So many of a hundred took no longer."""
        return percentile(self.taken, percent)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many of a hundred lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
