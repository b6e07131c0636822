"""What is known of how cost grows: figures at numbers of events, kept in STATE_DIR/growth.json and added to."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

#: How the events came to be there: through the product's processes, or as rows made by SQL from the product's own.
How = Literal["product", "filled"]


@dataclass(frozen=True, slots=True)
class Point:
    """A figure at a number of events."""

    figure: str
    unit: str
    events: int
    value: float
    how: How
    day: str = ""


def read_points(path: Path) -> list[Point]:
    """The points of a file; none where there is no file."""
    return [Point(**each) for each in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def keep_points(path: Path, points: Iterable[Point]) -> list[Point]:
    """Add today's points to those of a file, in place of older ones of the same; returns all of them."""
    today = datetime.now(UTC).date().isoformat()
    known = {(point.figure, point.events): point for point in read_points(path)}
    for point in points:
        known[point.figure, point.events] = Point(**{**asdict(point), "day": today})
    kept = list(known.values())
    lines = ",\n".join(json.dumps(asdict(point), ensure_ascii=False) for point in kept)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return kept
