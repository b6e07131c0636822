"""What the benchmark finds: each figure beside its floor, which the same run has measured, and beside its peers."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
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


def medians(runs: Iterable[Sequence[Figure]]) -> list[Figure]:
    """The figures of several runs as one each: medians, of floors, processor time and peers too, with their spread.

    What not every run has measured is the median of those that have.
    """
    by_name: dict[str, list[Figure]] = {}
    for figure in (figure for run in runs for figure in run):
        by_name.setdefault(figure.name, []).append(figure)
    return [_median(figures) for figures in by_name.values()]


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


def with_peers(figures: Iterable[Figure], peers: Mapping[str, Sequence[Peer]]) -> list[Figure]:
    """The same figures, with more peers for those whose names have some."""
    return [replace(figure, peers=(*figure.peers, *peers.get(figure.name, ()))) for figure in figures]


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
