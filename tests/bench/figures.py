"""What the benchmark finds: each figure beside its floor, which the same run has measured, and beside its peers."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Unit = Literal["/s", "ms", "µs", "MB", "kB", "elements"]


@dataclass(frozen=True, slots=True)
class Peer:
    """What another system does of the same kind, in the figure's unit: measured in the same run, or told of another."""

    name: str
    value: float
    measured_here: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. The floor is the least that the work could cost; for memory it is the most that it may take."""

    name: str
    value: float
    floor: float | None
    floor_name: str
    unit: Unit
    peers: tuple[Peer, ...] = ()
    cpu_seconds: float = 0.0  # of our process for each event: what stays the same on a busy machine
    spread: tuple[float, float] | None = None  # the least and the most of several runs, of which it is the median

    @property
    def ratio(self) -> float | None:
        """The figure as a part, or a multiple, of its floor."""
        return self.value / self.floor if self.floor is not None else None

    @property
    def too_large(self) -> bool:
        """Whether it is memory, and more than may be."""
        return self.unit == "MB" and self.floor is not None and self.value >= self.floor


def medians(runs: Sequence[Sequence[Figure]]) -> list[Figure]:
    """The figures of several runs as one each: medians, of floors, processor time and peers too, with their spread.

    Raises ValueError unless all runs have the same figures.
    """
    if len({tuple(figure.name for figure in run) for run in runs}) > 1:
        raise ValueError("these runs have not measured the same figures")
    return [_median(figures) for figures in zip(*runs, strict=True)]


def _median(figures: Sequence[Figure]) -> Figure:
    values = [figure.value for figure in figures]
    floors = [figure.floor for figure in figures if figure.floor is not None]
    return replace(
        figures[0],
        value=statistics.median(values),
        floor=statistics.median(floors) if floors else None,
        cpu_seconds=statistics.median(figure.cpu_seconds for figure in figures),
        peers=_median_peers(figures),
        spread=(min(values), max(values)) if len(values) > 1 else None,
    )


def _median_peers(figures: Sequence[Figure]) -> tuple[Peer, ...]:
    """A peer that was missing in some runs is the median of the others."""
    values: dict[tuple[str, bool], list[float]] = {}
    for peer in (peer for figure in figures for peer in figure.peers):
        values.setdefault((peer.name, peer.measured_here), []).append(peer.value)
    return tuple(Peer(name, statistics.median(some), here) for (name, here), some in values.items())


def with_peers(figures: Iterable[Figure], name: str, peers: Iterable[Peer]) -> list[Figure]:
    """The same figures, with more peers for the one of that name; raises ValueError unless there is one."""
    found = list(figures)
    (place,) = (place for place, figure in enumerate(found) if figure.name == name)
    found[place] = replace(found[place], peers=(*found[place].peers, *peers))
    return found


def written(value: float | None, unit: Unit) -> str:
    """A figure as people read it; nothing where there is none."""
    if value is None:
        return ""
    if unit == "/s":
        return f"{value:,.0f} /s"
    digits = 2 if unit == "ms" and value < 100 else 0
    return f"{value:,.{digits}f} {unit}"


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many of a hundred lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
