"""What a run of the benchmark leaves for programs: STATE_DIR/bench.json, a list with an object for each figure."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.figures import Figure

RESULTS: Final = "bench.json"
#: When and on what it was measured, in a sentence.
CONDITIONS: Final = "bench-conditions.txt"
#: How cost grows, in Markdown.
GROWTH: Final = "growth.md"


def state_folder() -> Path:
    """STATE_DIR, made if need be."""
    folder = Path(os.environ.get("STATE_DIR", "").strip() or ".local")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_results(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures down; `floor`, `ratio` and `cpu_us` are null where there is none."""
    lines = ",\n".join(json.dumps(_result(figure), ensure_ascii=False) for figure in figures)
    fresh = path.with_suffix(".fresh")
    fresh.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    fresh.replace(path)


def _result(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "value": _rounded(figure.value),
        "unit": figure.unit,
        "floor": _rounded(figure.floor),
        "ratio": _rounded(figure.ratio),
        "cpu_us": _rounded(figure.cpu_seconds * 1e6) if figure.cpu_seconds else None,
        "peers": [
            {"name": peer.name, "value": _rounded(peer.value), "measured_here": peer.measured_here}
            for peer in figure.peers
        ],
    }


def _rounded(value: float | None) -> float | None:
    """Five digits: what is measured has no more."""
    return None if value is None else float(f"{value:.5g}")
