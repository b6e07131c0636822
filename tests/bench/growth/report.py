"""How cost grows, as a table in Markdown."""

from collections.abc import Sequence

from tests.bench.growth.curves import Curve, fit_curve
from tests.bench.growth.points import Point


def by_figure(points: Sequence[Point]) -> dict[tuple[str, str], dict[int, Point]]:
    """Points by figure and unit, then by events."""
    figures: dict[tuple[str, str], dict[int, Point]] = {}
    for point in sorted(points, key=lambda point: point.events):
        figures.setdefault((point.figure, point.unit), {})[point.events] = point
    return figures


def curve_of(points: dict[int, Point]) -> Curve | None:
    """The curve of a figure's cost: of a rate, that is the time for one. None for fewer points than make one."""
    costs = {n: 1 / point.value if point.unit == "/s" else point.value for n, point in points.items()}
    return fit_curve(costs) if len(costs) > 2 else None


def growth_table(points: Sequence[Point]) -> str:
    """The table; what SQL has filled has a star."""
    sizes = sorted({point.events for point in points})
    lines = [
        f"| figure | {' | '.join(f'{size:,}' for size in sizes)} | cost grows |",
        f"|---|{'---:|' * len(sizes)}---|",
    ]
    for (figure, unit), found in by_figure(points).items():
        cells = [_cell(found.get(size), unit) for size in sizes]
        curve = curve_of(found)
        lines.append(f"| {figure} | {' | '.join(cells)} | {curve.name if curve else ''} |")
    days = sorted({point.day for point in points})
    lines += ["", f"\\* of tables that SQL has filled. Measured on {', '.join(days)}."]
    return "\n".join(lines) + "\n"


def _cell(point: Point | None, unit: str) -> str:
    if point is None:
        return "–"
    value = f"{point.value:,.2f}" if unit == "ms" and point.value < 100 else f"{point.value:,.0f}"
    return f"{value} {unit}{'*' if point.how == 'filled' else ''}"
