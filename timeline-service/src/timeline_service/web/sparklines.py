"""A relation over the years as a small picture: cooperation above the line, conflict below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from timeline_service.queries.views.summaries import YearView

WIDTH: Final = 180
HALF: Final = 18
_WIDEST: Final = 6.0
_THINNEST: Final = 2.0  # a bar that is narrower is not seen
_LEAST: Final = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """So much of a kind in one step of time, in the picture's units."""

    x: float
    y: float
    width: float
    height: float
    kind: Literal["cooperative", "conflictual"]


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The picture, and what it says in words."""

    bars: tuple[Bar, ...]
    words: str
    width: int = WIDTH
    half: int = HALF


def sparkline(years: Sequence[YearView], first: int, last: int) -> Sparkline:
    """The picture of the years from `first` to `last`, in steps of one or more, each as high as it has events."""
    span = last - first + 1
    step = max(1, -(-span * int(_THINNEST + 1) // WIDTH))
    bins: dict[int, list[int]] = {}
    for year in years:
        if year["year"] is not None and first <= year["year"] <= last:
            counts = bins.setdefault((year["year"] - first) // step, [0, 0])
            counts[0] += year["cooperative"]
            counts[1] += year["conflictual"]
    room = WIDTH / -(-span // step)
    width = max(_THINNEST, min(_WIDEST, room * 0.7))
    most = max((count for counts in bins.values() for count in counts), default=0)
    bars = []
    for place, (above, below) in sorted(bins.items()):
        x = round(place * room + (room - width) / 2, 2)
        if above:
            height = _height(above, most)
            bars.append(Bar(x, round(HALF - 0.5 - height, 2), round(width, 2), height, "cooperative"))
        if below:
            bars.append(Bar(x, HALF + 0.5, round(width, 2), _height(below, most), "conflictual"))
    above, below = (sum(counts[side] for counts in bins.values()) for side in (0, 1))
    return Sparkline(tuple(bars), f"{above:,} cooperative, {below:,} conflictual, {first}–{last}")


def _height(count: int, most: int) -> float:
    return round(_LEAST + (HALF - 1 - _LEAST) * count / most, 2)
