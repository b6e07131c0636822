"""The benchmark's table."""

import math
import os
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from tests.bench import peers
from tests.bench.figures import Figure, Reading, written
from tests.bench.page_visits import MOST_SECONDS, Visit


def print_table(figures: Sequence[Figure], events: int, console: Console) -> None:
    """Print every figure with its floor, their ratio, and the peers."""
    table = Table(box=SIMPLE_HEAD, title=f"Dyadline with {events:,} events, everything on this machine", pad_edge=False)
    table.add_column("figure")
    table.add_column("Dyadline", justify="right", no_wrap=True)
    table.add_column("floor", justify="right", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("CPU each", justify="right", no_wrap=True)
    table.add_column("what the floor is")
    table.add_column("peers, with source", ratio=1)
    for figure in figures:
        table.add_row(
            figure.name,
            Text(written(figure.value, figure.unit), "bold red" if figure.too_large else "bold"),
            written(figure.floor, figure.unit),
            f"{figure.ratio:.2f}",
            f"{figure.cpu_seconds * 1e6:.0f} µs" if figure.cpu_seconds else "",
            Text(figure.floor_name, "dim"),
            "\n".join(figure.peers),
        )
    console.print(table)
    console.print(Text(peers.STAR, "dim"))


def print_readings(readings: Sequence[Reading], events: int, small: int, console: Console) -> None:
    """Print what reads take beside their floors, and beside the same reads of few events."""
    title = f"Reads over HTTP, pages of 50, of {events:,} events: 50 pairs, the timeline's has a quarter"
    table = Table(box=SIMPLE_HEAD, title=title, pad_edge=False)
    table.add_column("read")
    for name in ("p50", "p99", "floor", "ratio", f"p50 of {small:,}"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("what the floor is")
    for reading in readings:
        table.add_row(
            reading.name,
            Text(written(reading.at(50), "ms"), "bold"),
            written(reading.at(99), "ms"),
            written(reading.floor, "ms"),
            f"{reading.ratio:.2f}",
            written(reading.small, "ms"),
            Text(reading.floor_name, "dim"),
        )
    console.print(table)


def print_visits(visits: Sequence[Visit], console: Console) -> None:
    """Print what pages take beside other people's widgets with the same events."""
    if not visits:
        console.print(Text("Pages are measured where there is a chromium: on Debian, apt-get install chromium", "dim"))
        return
    table = Table(box=SIMPLE_HEAD, title="Pages in Chromium, opened for the first time, and zoomed", pad_edge=False)
    table.add_column("page")
    for name in ("transferred", "DOM nodes", "usable after", "longest task, loading", "… zooming"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in visits:
        never = f"not in {MOST_SECONDS:.0f} s"
        table.add_row(
            each.name,
            f"{each.bytes / 1000:,.0f} kB",
            f"{each.nodes:,}",
            Text(_milliseconds(each.usable) if each.usable is not None else never, "bold"),
            _task(each.longest_loading),
            _task(each.longest_zooming) if each.longest_zooming is not None else "",
        )
    console.print(table)
    words = "Usable: from the first byte until all is shown and the main thread has no long task for half a second."
    console.print(Text(words, "dim"))


def _task(milliseconds: float) -> str:
    if math.isinf(milliseconds):
        return "over 30 s"
    return _milliseconds(milliseconds) if milliseconds else "< 50 ms"


def _milliseconds(value: float) -> str:
    return f"{value:,.0f} ms"


def print_conditions(console: Console) -> None:
    """Print on what all of it was measured."""
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    console.print(Text(f"Floors are of this same run, on {os.cpu_count()} cores with a load of {load}.", "dim"))
