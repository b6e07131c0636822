"""How cost grows, drawn: a small plot for each figure, in one SVG."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from tests.bench.growth.points import Point
from tests.bench.growth.report import by_figure, curve_of

_WIDTH, _HEIGHT, _COLUMNS = 340, 185, 3
_LEFT, _RIGHT, _TOP, _BOTTOM = 14, 24, 60, 26
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_STYLE: Final = """
text { font: 11px system-ui, sans-serif; fill: #333 } .name { font-weight: 600; fill: #111 }
.axis { stroke: #bbb } .line { fill: none; stroke: #1f5fa8; stroke-width: 2 } .dot { fill: #1f5fa8 }
"""


def growth_plots(points: Sequence[Point]) -> str:
    """Each figure from zero upwards, over the number of events in powers of ten."""
    figures = by_figure(points)
    rows = -(-len(figures) // _COLUMNS)
    panels = [
        f'<g transform="translate({number % _COLUMNS * _WIDTH} {number // _COLUMNS * _HEIGHT})">'
        f"{_panel(name, unit, found)}</g>"
        for number, ((name, unit), found) in enumerate(figures.items())
    ]
    size = f"{_COLUMNS * _WIDTH} {rows * _HEIGHT}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" aria-label="How cost grows">'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>{"".join(panels)}</svg>\n'
    )


def _panel(name: str, unit: str, found: Mapping[int, Point]) -> str:
    most = max(point.value for point in found.values())
    low, high = math.log10(min(found)), math.log10(max(found))
    across, up = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(point: Point) -> tuple[float, float]:
        part = (math.log10(point.events) - low) / (high - low) if high > low else 0.5
        return round(_LEFT + 20 + part * (across - 40), 1), round(_HEIGHT - _BOTTOM - point.value / most * up, 1)

    places = [place(point) for point in found.values()]
    curve = curve_of(dict(found))
    base = _HEIGHT - _BOTTOM
    parts = [
        f'<text class="name" x="{_LEFT}" y="16">{escape(name)}</text>',
        f'<text x="{_LEFT}" y="31">{escape(unit)}{f", cost: {curve.name}" if curve else ""}</text>',
        f'<path class="axis" d="M{_LEFT} {base}H{_WIDTH - _RIGHT}"/>',
        f'<polyline class="line" points="{" ".join(f"{x},{y}" for x, y in places)}"/>',
    ]
    for (x, y), (events, point) in zip(places, found.items(), strict=True):
        parts.append(f'<circle class="dot" cx="{x}" cy="{y}" r="3"/>')
        parts.append(f'<text text-anchor="middle" x="{x}" y="{max(y - 6, _TOP - 4)}">{_short(point.value)}</text>')
        parts.append(f'<text text-anchor="middle" x="{x}" y="{base + 14}">{_power(events)}</text>')
    return "".join(parts)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _power(events: int) -> str:
    power = round(math.log10(events))
    return f"10{str(power).translate(_RAISED)}" if events == 10**power else f"{events:,}"
