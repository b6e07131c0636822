"""Which curve a cost follows as events become more: fitted by least squares, with errors as parts of the cost."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

#: What differs by less than this factor, of the least to the most, is flat: measurements differ by as much.
_FLAT: Final = 1.3
#: What falls is paid once and shared by all events.
_SHAPES: Final[Mapping[str, Callable[[float], float]]] = {
    "log n": math.log10,
    "linear": float,
    "falling": lambda n: 1 / n,
}


@dataclass(frozen=True, slots=True)
class Curve:
    """The curve's name, its cost at n as a + b·f(n), and the mean error as a part of the cost."""

    name: str
    constant: float
    slope: float
    error: float


def fit_curve(costs: Mapping[int, float]) -> Curve:
    """The simplest curve that does for positive costs at numbers of events; raises ValueError for fewer than three."""
    if len(costs) < 3:
        raise ValueError("a curve takes the costs at three numbers of events or more")
    mean = math.exp(sum(map(math.log, costs.values())) / len(costs))
    flat = Curve("flat", mean, 0.0, _error(costs, mean, 0.0, float))
    if max(costs.values()) / min(costs.values()) <= _FLAT:
        return flat
    fitted = (_fit(name, shape, costs) for name, shape in _SHAPES.items())
    best = min((curve for curve in fitted if curve.slope > 0), key=lambda curve: curve.error, default=flat)
    # Where no curve says much more than that costs differ, that is all there is to say.
    return best if 2 * best.error < flat.error else replace(flat, name="unclear")


def _fit(name: str, shape: Callable[[float], float], costs: Mapping[int, float]) -> Curve:
    """Least squares of (a + b·f(n)) / cost - 1."""
    points = [(1 / cost, shape(n) / cost) for n, cost in costs.items()]
    aa, ab, bb = (sum(left * right for left, right in pairs) for pairs in (
        [(a, a) for a, _ in points], [(a, b) for a, b in points], [(b, b) for _, b in points],
    ))  # fmt: skip
    a1, b1 = sum(a for a, _ in points), sum(b for _, b in points)
    determinant = aa * bb - ab * ab
    constant, slope = (bb * a1 - ab * b1) / determinant, (aa * b1 - ab * a1) / determinant
    return Curve(name, constant, slope, _error(costs, constant, slope, shape))


def _error(costs: Mapping[int, float], constant: float, slope: float, shape: Callable[[float], float]) -> float:
    return sum(abs((constant + slope * shape(n)) / cost - 1) for n, cost in costs.items()) / len(costs)
